"""The outcomes of the messages that a redrive sent."""
