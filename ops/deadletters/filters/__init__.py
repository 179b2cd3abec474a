"""JMESPath filters over messages, and their compiler to SQL."""
