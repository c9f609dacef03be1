"""What an instruction asks for."""
