"""Log lines: the queries that find them, and what each line reports about a failure."""
