"""A shell to run commands in, against an emulator in a process of its own."""

from shell_fixtures import emulator, offline_shell, script, shell, start_emulator

__all__ = ["emulator", "offline_shell", "script", "shell", "start_emulator"]
