"""Commands about what the consumer can take: when a backlog is drained, and how concurrency grew."""
