"""The escape sequences with which loggers color a terminal: not part of a line's text."""

import re

COLOUR = re.compile(r"\x1b\[[\d;]{0,12}m")
