"""Log lines: the queries that find them, and what each line says about a failure."""
