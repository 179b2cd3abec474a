"""Python: the runtime, logging, Powertools, and loggers that write JSON."""

from __future__ import annotations

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/var/task/shop.py", line 20, in handler\n    book(event)\n'
    '  File "/var/task/stock/take.py", line 7, in take\n    raise KeyError(sku)\n'
)
_DIRECT = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
_BOOK = '  File "/var/task/shop.py", line 30, in book\n    order = load(key)\n'
_LOAD = '  File "/var/task/db.py", line 5, in load\n    return table[key]\n'

LINES = (
    failed("Python logging", "[ERROR] ClientError: An error occurred (Throttling)", "ClientError",
           "An error occurred (Throttling)", request=""),
    failed("Python logging", f"[ERROR]\t2026-11-23T19:00:01.000Z\t{REQUEST}\t"
           "failed record 0c4b7f8e-0000-4000-8000-000000000001: KeyError: 'sku'", "KeyError", "'sku'"),
    failed(
        "Python runtime",
        f"[ERROR] KeyError: 'sku'\r{TRACE}".replace("\n", "\r").rstrip("\r"),
        "KeyError", "'sku'", "stock/take.py:7 take", "",
    ),
    failed(
        "Python runtime",
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'shop': No module named 'money'\n"
        "Traceback (most recent call last):",
        "Runtime.ImportModuleError", "Unable to import module 'shop': No module named 'money'", "", "",
    ),
    failed(
        "Python runtime",
        f"[ERROR] ValidationError: 2 validation errors for Order\namount\n  Input should be positive\n{TRACE}",
        "ValidationError", "2 validation errors for Order amount Input should be positive", "stock/take.py:7 take", "",
    ),
    failed(
        "Python logging", f"[ERROR]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tno stock for 17\n", UNTYPED,
        "no stock for 17",
    ),
    failed("Python logging", f"[ERROR]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tOSError: no space", "OSError", "no space"),
    failed(
        "Python logging", f"[CRITICAL]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tgave up\n{TRACE}KeyError: 'sku'\n",
        "KeyError", "'sku'", "stock/take.py:7 take",
    ),
    failed(
        "Python logging", f"2026-11-23 19:00:01,000 - app - ERROR - RequestId: {REQUEST} no stock", UNTYPED, "no stock",
    ),
    failed("Python logging", "2026-11-23 19:00:01,000 ERROR no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "2026-11-23 19:00:01,000 shop.orders ERROR    no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "ERROR:root:no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "ERROR:shop.orders:ValueError: bad", "ValueError", "bad", request=""),
    failed("Python logging", "[2026-11-23 19:00:01,000] ERROR in shop: no stock", UNTYPED, "no stock", request=""),
    failed(
        "Python logging", f"{TRACE}shop.errors.SkuError: no such sku\n", "shop.errors.SkuError", "no such sku",
        "stock/take.py:7 take", "",
    ),
    failed(
        "Python logging",
        f"[ERROR]\t2026\t{REQUEST}\tnot booked\n{TRACE}KeyError: 'sku'\n{_DIRECT}Traceback (most recent call last):\n"
        f"{_BOOK}OrderError: lost\n",
        "KeyError", "'sku'", "stock/take.py:7 take", chain=("OrderError: lost",),
    ),
    failed(  # the clause says what it caught in its own words
        "Python logging",
        f"Traceback (most recent call last):\n{_BOOK}{_LOAD}KeyError: 17\n{_DURING}Traceback (most recent call last):\n"
        '  File "/var/task/shop.py", line 12, in handler\n    book(event)\n'
        '  File "/var/task/shop.py", line 32, in book\n    raise OrderError("lost")\nOrderError: lost\n',
        "KeyError", "17", "db.py:5 load", "", ("OrderError: lost",),
    ),
    failed(  # what the clause called failed: a cache without the key is no trouble
        "Python logging",
        f"Traceback (most recent call last):\n{_BOOK}{_LOAD}KeyError: 17\n{_DURING}Traceback (most recent call last):\n"
        '  File "/var/task/shop.py", line 32, in book\n    order = database.get(key)\n'
        '  File "/opt/python/psycopg/connection.py", line 9, in connect\n    raise OperationalError("refused")\n'
        "psycopg.OperationalError: refused\n",
        "psycopg.OperationalError", "refused", "shop.py:32 book", "",
    ),
    failed(  # a slip in the clause itself
        "Python logging",
        f"Traceback (most recent call last):\n{_BOOK}{_LOAD}KeyError: 17\n{_DURING}Traceback (most recent call last):\n"
        "  File \"/var/task/shop.py\", line 32, in book\n    log.eror('lost')\n"
        "AttributeError: 'Logger' object has no attribute 'eror'\n",
        "AttributeError", "'Logger' object has no attribute 'eror'", "shop.py:32 book", "",
    ),
    failed(
        "Python runtime",
        "[ERROR] BatchProcessingError: All records failed. 2 errors follow\n\n"
        f"{TRACE}KeyError: 'sku'\n\n"
        'Traceback (most recent call last):\n  File "/var/task/shop.py", line 9, in book\n    check()\n'
        "ValueError: amount\n\n"
        'Traceback (most recent call last):\n  File "/var/task/shop.py", line 20, in handler\n    return process()\n'
        '  File "/opt/python/batch/base.py", line 240, in clean\n    raise BatchProcessingError(',
        "KeyError", "'sku'", "stock/take.py:7 take", "",
        ("BatchProcessingError: All records failed. 2 errors follow", "first of 2 different errors"),
    ),
    failed(
        "AWS Lambda JSON",
        {
            "log_level": "ERROR", "errorType": "BatchProcessingError", "requestId": REQUEST,
            "errorMessage": f"All records failed\n\n{TRACE}KeyError: 'sku'\n",
            "stackTrace": ['  File "/var/task/shop.py", line 3, in handler\n    return process()\n'],
        },
        "KeyError", "'sku'", "stock/take.py:7 take", chain=("BatchProcessingError: All records failed",),
    ),
    failed(
        "Python logging",
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/var/task/shop.py", line 12, in handler\n  |     run()\n'
        "  | ExceptionGroup: tasks (2 sub-exceptions)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | Traceback (most recent call last):\n"
        '    |   File "/var/task/db.py", line 5, in load\n    |     x\n'
        "    | KeyError: 17\n"
        "    +---------------- 2 ----------------\n"
        "    | Traceback (most recent call last):\n"
        '    |   File "/var/task/db.py", line 6, in load\n    |     x\n'
        "    | OSError: full\n"
        "    +------------------------------------\n",
        "KeyError", "17", "db.py:5 load", "",
        ("ExceptionGroup: tasks (2 sub-exceptions)", "first of 2 different errors"),
    ),
    failed(
        "Powertools",
        {
            "level": "ERROR", "location": "handler:20", "message": "not booked", "service": "shop",
            "function_request_id": REQUEST, "exception": f"{TRACE}KeyError: 'sku'", "exception_name": "KeyError",
        },
        "KeyError", "'sku'", "stock/take.py:7 take",
    ),
    failed(
        "AWS Lambda JSON",
        {
            "timestamp": "2026-11-23T19:00:01Z", "log_level": "ERROR", "errorMessage": "'sku'", "errorType": "KeyError",
            "requestId": REQUEST, "stackTrace": ['  File "/var/task/shop.py", line 3, in handler\n    x\n'],
        },
        "KeyError", "'sku'", "shop.py:3 handler",
    ),
    failed(
        "AWS Lambda JSON",
        {"timestamp": "2026-11-23T19:00:01Z", "level": "ERROR", "message": "no stock", "logger": "root",
         "requestId": REQUEST},
        UNTYPED, "no stock",
    ),
    failed(
        "python-json-logger",
        {"asctime": "x", "levelname": "ERROR", "message": "no stock", "aws_request_id": REQUEST}, UNTYPED, "no stock",
    ),
    failed(
        "python-json-logger",
        {"levelno": 40, "name": "root", "message": "not booked", "exc_info": f"{TRACE}KeyError: 'sku'",
         "aws_request_id": REQUEST},
        "KeyError", "'sku'", "stock/take.py:7 take",
    ),
    failed(
        "python-json-logger", {"level": 40, "lineno": 3, "message": "no stock", "requestId": REQUEST}, UNTYPED,
        "no stock",
    ),
    failed(
        "structlog",
        {"event": "not booked", "level": "error", "aws_request_id": REQUEST, "exception": f"{TRACE}KeyError: 'sku'"},
        "KeyError", "'sku'", "stock/take.py:7 take",
    ),
    failed(
        "structlog",
        {"event": "not booked", "level": "error", "exception": [
            {"exc_type": "KeyError", "exc_value": "'sku'", "is_cause": False,
             "frames": [{"filename": "/var/task/shop.py", "lineno": 20, "name": "handler"}]}]},
        "KeyError", "'sku'", "shop.py:20 handler", "",
    ),
    failed("structlog", "2026-11-23 19:00:01 [error    ] no stock", UNTYPED, "no stock", request=""),
    failed(
        "loguru", f"2026-11-23 19:00:01.000 | ERROR    | shop:book:12 - {REQUEST} no stock", UNTYPED, "no stock",
        request="",
    ),
    failed(
        "loguru",
        {"text": f"2026 | ERROR | shop:book:12 - not booked\n{TRACE}KeyError: 'sku'\n", "record": {
            "exception": {"type": "KeyError", "value": "'sku'", "traceback": True},
            "level": {"icon": "x", "name": "ERROR", "no": 40}, "message": "not booked"}},
        "KeyError", "'sku'", "stock/take.py:7 take", "",
    ),
    failed("Python logging", "2026-11-23 19:00:01,000 app ERROR no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "[2026-11-23 19:00:01 +0000] [8] [ERROR] no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "[2026-11-23 19:00:01,000: ERROR/MainProcess] no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "shop - ERROR - no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "ERROR:    no stock", UNTYPED, "no stock", request=""),
    failed("Python logging", "ERROR 2026-11-23 19:00:01,000 no stock", UNTYPED, "no stock", request=""),
    failed(  # an error's request id is that of AWS' answer
        "Python logging", f"[ERROR] ClientError: AccessDenied, StatusCode: 403, RequestID: {REQUEST}\n{TRACE}",
        "ClientError", f"AccessDenied, StatusCode: 403, RequestID: {REQUEST}", "stock/take.py:7 take", "",
    ),
    failed(
        "AWS Lambda JSON", {"level": "ERROR", "message": f"not booked\n{TRACE}KeyError: 'sku'", "requestId": REQUEST},
        "KeyError", "'sku'", "stock/take.py:7 take",
    ),
    failed("Python logging", {"message": "[ERROR] no stock"}, UNTYPED, "no stock", request=""),
    failed("Python logging", {"log": "2026-11-23 19:00:01,000 ERROR no stock", "stream": "stderr"}, UNTYPED,
           "2026-11-23 19:00:01,000 ERROR no stock", request=""),
    fine("Python logging", f"[INFO]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tgot ERROR from the server, trying again"),
    fine("Python logging", f"[WARNING]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tcaught\n{TRACE}KeyError: 'sku'\n"),
    fine("Python logging", "2026-11-23 19:00:01,000 - app - INFO - no error"),
    fine("Python logging", "INFO:root:ERROR is the word of the day"),
    fine("Python logging", "the last ERROR was an hour ago"),
    fine("Python logging", "2026-11-23 19:00:01 got ERROR from the server"),
    fine("Python logging", "0 errors, error rate 0.0"),
    fine("python-json-logger", {"levelno": 30, "message": "slow", "exc_info": f"{TRACE}KeyError: 'sku'"}),
    fine("python-json-logger", {"levelname": "INFO", "message": "status", "status": "error", "errors": 0}),
    fine("Powertools", {"level": "WARNING", "message": "trying again", "exception": f"{TRACE}KeyError: 'sku'"}),
    fine("AWS Lambda JSON", {"level": "INFO", "message": "done", "errorType": None, "errorMessage": None}),
    fine("AWS Lambda JSON", {"level": "INFO", "message": "answer", "errorType": "Throttled", "errorMessage": "later"}),
    fine("structlog", {"event": "error budget", "level": "info"}),
    fine("loguru", {"text": "x", "record": {"level": {"name": "INFO", "no": 20}, "message": "ERROR count 0"}}),
)  # fmt: skip
