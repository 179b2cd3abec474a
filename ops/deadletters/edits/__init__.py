"""Changes to a message before it is sent, and the message that goes out."""
