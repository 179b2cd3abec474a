"""One report per page, from the workload's metrics and logs."""
