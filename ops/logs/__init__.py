"""The log lines of a workload's functions: found, paged and followed, with what reading them costs.

``find_log_lines`` answers one page, newest first; ``follow_log_lines`` waits for new lines; ``log_subjects`` says what
to look for when the lines of a message, a failure cause or a redrive are wanted.
"""

from ops.logs.follow import follow_log_lines
from ops.logs.model import LogLine, LogPage, LogSearch, LogSource, log_sources
from ops.logs.search import find_log_lines

__all__ = ["LogLine", "LogPage", "LogSearch", "LogSource", "find_log_lines", "follow_log_lines", "log_sources"]
