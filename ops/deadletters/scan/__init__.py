"""Reading a dead-letter queue into its snapshot."""
