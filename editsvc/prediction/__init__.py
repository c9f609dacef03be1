"""What is predicted, whether it is sent, and what a server makes of it."""
