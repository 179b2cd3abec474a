"""Start: what to look at, when nothing is chosen yet."""

from dashboard import start_page

start_page.show()
