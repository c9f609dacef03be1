"""What may not pass: damaged replies, hidden characters, secrets."""
