"""What a user asks for, as generators of typed events."""
