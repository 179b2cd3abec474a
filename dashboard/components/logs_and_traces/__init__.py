"""The log lines and traces of one invocation or message, and the link to its path."""
