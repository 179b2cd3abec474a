"""Lines that hold the word, a status or a stack trace, and are no failures."""

from __future__ import annotations

import json
from typing import Any

from tests.cases.causes.logged_lines.line import REQUEST, fine

_TIME = "2026-11-23T19:00:01.000Z"
_PYTHON = 'Traceback (most recent call last):\n  File "/var/task/shop.py", line 3, in book\n    x\nKeyError: 1'
_JAVA = "java.io.IOException: full\n\tat com.shop.Db.query(Db.java:41)"
_NODE = "TypeError: x\n    at book (/var/task/shop.js:1:2)"
_DOTNET = "System.IO.IOException: full\n   at Shop.Disk.Write()"

TEXT = (
    f"{_TIME}\t{REQUEST}\tERROR\t(node:8) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.",
    f"{_TIME}\tundefined\tERROR\t(node:2) NOTE: We are formalizing our plans",
    f'{_TIME}\t{REQUEST}\tINFO\t{{"status":"error"}}',
    f"{_TIME}\t{REQUEST}\tDEBUG\t{_NODE}",
    f"[DEBUG]\t{_TIME}\t{REQUEST}\tError parsing, left out\n{_PYTHON}",
    f"2026-11-23 19:00:01,000 WARNING shop caught\n{_PYTHON}",
    f"WARN: caught\n{_PYTHON}",
    "2026/11/23 19:00:01 got ERROR from the server",
    "processed 3 records, 0 errors",
    "error_count=0",
    "Retrying after error: timeout",
    "Caught exception: KeyError: 1",
    "START RequestId: " + REQUEST + " Version: $LATEST",
    "EXTENSION\tName: ERROR\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
    "SLF4J: Failed to load class org.slf4j.impl.StaticLoggerBinder",
    "/var/task/shop.py:3: DeprecationWarning: error is old",
    'time="x" level=info msg="x" error="none"',
    "ts=2 level=info status=error",
    "[2026-11-23 19:00:01] local.INFO: ERROR",
    "NOTICE: PHP message: PHP Warning:  x in /var/task/shop.php on line 3",
    f"dbug: Shop[0]\n      {_DOTNET}",
    f"19:00:01.000 [main] WARN  c.s.Handler - caught\n{_JAVA}",
    f"2026-11-23T19:00:01.000Z  WARN 8 --- [main] c.s.Handler : caught\n\n{_JAVA}",
    f"Nov 23, 2026 7:00:01 PM com.shop.Handler book\nWARNING: caught\n{_JAVA}",
    "\x1b[33m WARN\x1b[0m shop: error=none",
    '7:00PM WRN again error="refused"',
    f"[19:00:01 WRN] caught\n{_DOTNET}",
    "done\n    at the end of the day",
    "- list\n   at home (we) did",
    'INFO:     127.0.0.1 - "GET / HTTP/1.1" 500 Internal Server Error',
)
RECORDS: tuple[dict[str, Any], ...] = (
    {"level": "info", "msg": "x", "error": None, "errors": []},
    {"level": "info", "msg": "x", "stack": _NODE},
    {"severity": "DEFAULT", "message": "x", "errorType": "E", "errorMessage": "m"},
    {"status": "error", "message": "order 7 has status error"},
    {"message": "done", "errors": 0, "error": False},
    {"level": 20, "level_name": "INFO", "message": "ERROR"},
    {"level": 400, "price": 3},
    {"level": 50, "name": "tank", "percent": 50},
    {"level": 50, "message": "whose number is not known"},
    {"level": "high", "message": "error"},
    {"levels": ["error"], "message": "x"},
    {"level": {"min": 3}, "message": "x"},
    {"level": None, "message": "x", "errorType": "E"},
    {"errorMessage": "x", "errorType": None},
    {"eventName": "PutObject", "errorCode": "AccessDenied", "errorMessage": "no"},
    {"level": "INFO", "log": {"level": "error"}, "message": "x"},
    {"type": "platform.runtimeDone", "record": {"requestId": REQUEST, "status": "error", "errorType": "Runtime.Exit"}},
    {"@t": "x", "@mt": "status error", "@x": _DOTNET},
    {"message": json.dumps({"level": "info", "message": "x", "errorType": "E"}), "level": "INFO"},
    {"level": "INFO", "message": f"this was printed: {_PYTHON}"},
    {"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "Errors": 1, "level": "critical_path"},
    {"time": 1, "level": 0, "msg": "x"},
    {"level": "3", "depth": "2"},
    {"severity": 3, "message": "x"},
)

LINES = (*(fine("text", line) for line in TEXT), *(fine("record", record) for record in RECORDS))
