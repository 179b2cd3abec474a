"""What the handler reports of its work to tracing: X-Ray subsegments, and how long messages have waited."""
