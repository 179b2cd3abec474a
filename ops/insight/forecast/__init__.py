"""When a backlog is drained, how old messages get, which limit breaks and what it costs: a fluid model in NumPy."""
