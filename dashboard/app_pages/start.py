"""Start: choose a workload."""

from dashboard import start_page

start_page.show()
