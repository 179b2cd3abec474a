"""The command line. ``main`` runs it: errors become one sentence and the next step on stderr, and an exit code.

Exit codes: 0 fine, 1 the answer is bad news, 2 usage, 3 AWS said no. Commands import what they need when they run, so
that ``ops --help`` does not wait for pandas and boto3.
"""

from ops.cli.app import main

__all__ = ["main"]
