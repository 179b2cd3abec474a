"""The workload of a rehearsal: its jobs, its function, and what else is put on the twin to break it."""
