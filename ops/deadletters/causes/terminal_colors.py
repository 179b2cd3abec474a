"""The escape sequences by which loggers color a terminal: no part of what a line says."""

import re

COLOUR = re.compile(r"\x1b\[[\d;]{0,12}m")
