"""What differs between systems, behind functions that are the same on all: Linux, macOS and Windows.

Nothing else asks which system it runs on, and nothing else imports a module that only one of them has. `files` has a
half for POSIX and one for Windows, behind one protocol; the smaller modules decide in place. `linux` is what
``editsvc serve`` needs, which is offered there alone. docs/systems.md says what each system gets.
"""
