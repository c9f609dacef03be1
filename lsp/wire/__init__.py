"""The protocol on the wire: bytes, messages, connections, and LSP's types."""
