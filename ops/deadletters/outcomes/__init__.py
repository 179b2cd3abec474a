"""What happened to the messages that a redrive sent."""
