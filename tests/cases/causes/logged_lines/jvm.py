"""Java and Kotlin: stack traces, log4j2, logback and Spring Boot, java.util.logging, ECS and Powertools."""

from __future__ import annotations

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

_TRACE = (
    "java.lang.IllegalStateException: cannot book\n\tat com.shop.Handler.handleRequest(Handler.java:20)\n"
    "\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)\n"
)
_CAUSE = (
    "Caused by: java.sql.SQLException: table missing\n\tat org.postgresql.Driver.q(Driver.java:9)\n"
    "\tat com.shop.Db.query(Db.java:41)\n\t... 2 more\n"
)
_WRAPPED = ("java.lang.IllegalStateException: cannot book",)
_SQL = ("java.sql.SQLException", "table missing", "Db.java:41 com.shop.Db.query")

LINES = (
    failed("Java stack trace", _TRACE + _CAUSE, *_SQL, "", _WRAPPED),
    failed(
        "Java stack trace",
        _TRACE + _CAUSE + "\tSuppressed: java.io.IOException: rollback failed\n\t\tat com.shop.Db.back(Db.java:33)\n"
        "\tCaused by: java.net.SocketException: broken pipe\n\t\tat com.shop.Net.x(Net.java:3)\n",
        *_SQL, "", _WRAPPED,
    ),
    failed(
        "Java stack trace",
        "java.lang.IllegalStateException: cannot book\n\tat com.shop.Handler.handleRequest(Handler.java:20)\n"
        "\tSuppressed: java.io.IOException: not closed\n\t\tat com.shop.Db.close(Db.java:50)\n"
        "\tCaused by: java.net.SocketException: broken pipe\n\t\tat com.shop.Net.x(Net.java:3)\n" + _CAUSE,
        *_SQL, "", _WRAPPED,
    ),
    failed(
        "Java stack trace",
        "com.shop.OutOfStock: none left\n\tat com.shop.Stock.take(Unknown Source)\n"
        "\tat "
        "com.shop.Handler.go(Native Method)",
        "com.shop.OutOfStock", "none left", "com.shop.Stock.take", "",
    ),
    failed(
        "Java stack trace",
        "java.lang.StackOverflowError\n\tat com.shop.Tree.walk(Tree.java:7)\n"
        + "\tat com.shop.Tree.walk(Tree.java:9)\n" * 90,
        "java.lang.StackOverflowError", "", "Tree.java:7 com.shop.Tree.walk", "",
    ),
    failed(
        "Java stack trace",
        "Exception in thread \"main\" kotlin.UninitializedPropertyAccessException: no order\n"
        "\tat shop.HandlerKt.book(Handler.kt:12) ~[task/:?]\n",
        "kotlin.UninitializedPropertyAccessException", "no order", "Handler.kt:12 shop.HandlerKt.book", "",
    ),
    failed(  # the root first, as logstash-logback-encoder and log4j2's %rEx write it
        "Java stack trace",
        "java.sql.SQLException: table missing\n\tat com.shop.Db.query(Db.java:41)\n"
        "Wrapped by: java.lang.IllegalStateException: cannot book\n"
        "\tat com.shop.Handler.handleRequest(Handler.java:20)\n",
        *_SQL, "", _WRAPPED,
    ),
    failed("log4j2", f"2026-11-23 19:00:01 {REQUEST} ERROR Handler - no stock", UNTYPED, "no stock"),
    failed(
        "log4j2", f"2026-11-23 19:00:01 {REQUEST} ERROR com.shop.Handler - not booked\n{_TRACE}{_CAUSE}", *_SQL,
        chain=_WRAPPED,
    ),
    failed(
        "log4j2",
        {"instant": {"epochSecond": 1}, "thread": "main", "level": "ERROR", "loggerName": "com.shop.Handler",
         "message": "not booked", "contextMap": {"AWSRequestId": REQUEST}, "thrown": {
             "commonElementCount": 0, "name": "java.lang.IllegalStateException", "message": "cannot book",
             "extendedStackTrace": [{"class": "com.shop.Handler", "method": "handleRequest", "file": "Handler.java",
                                     "line": 20}],
             "cause": {"name": "java.sql.SQLException", "message": "table missing", "extendedStackTrace": [
                 {"class": "com.shop.Db", "method": "query", "file": "Db.java", "line": 41}]}}},
        *_SQL, chain=_WRAPPED,
    ),
    failed(
        "log4j2",
        {"level": "ERROR", "message": "not booked", "exception": {
            "exception_class": "java.lang.IllegalStateException", "exception_message": "cannot book",
            "stacktrace": _TRACE + _CAUSE}},
        *_SQL, "", _WRAPPED,
    ),
    failed(
        "logback, Spring", "19:00:01.000 [main] ERROR com.shop.Handler - no stock", UNTYPED, "no stock", request="",
    ),
    failed(
        "logback, Spring",
        f"2026-11-23T19:00:01.000Z ERROR 8 --- [shop] [main] c.shop.Handler   : RequestId: {REQUEST} no stock",
        UNTYPED, "no stock",
    ),
    failed(
        "logback, Spring",
        {"@timestamp": "x", "@version": "1", "message": "not booked", "logger_name": "com.shop.Handler",
         "level": "ERROR", "level_value": 40000, "stack_trace": _TRACE + _CAUSE, "AWSRequestId": REQUEST},
        *_SQL, chain=_WRAPPED,
    ),
    failed(
        "logback, Spring",
        {"sequenceNumber": 0, "timestamp": 1, "level": "ERROR", "loggerName": "x", "mdc": {"AWSRequestId": REQUEST},
         "message": "not booked", "throwable": {
             "className": "java.lang.IllegalStateException", "message": "cannot book", "stepArray": [],
             "cause": {"className": "java.sql.SQLException", "message": "table missing", "stepArray": [
                 {"className": "com.shop.Db", "methodName": "query", "fileName": "Db.java", "lineNumber": 41}]}}},
        *_SQL, chain=_WRAPPED,
    ),
    failed("logback, Spring", "2026-11-23 19:00:01,000 ERROR [com.shop.Handler] (main) no stock", UNTYPED, "no stock",
           request=""),
    failed(
        "logback, Spring", "2026-11-23 19:00:01.000 ERROR [shop,1f,2e] 8 --- [  main] c.shop.Handler : no stock",
        UNTYPED, "no stock", request="",
    ),
    failed(
        "AWS Lambda JSON", {"level": "ERROR", "message": _TRACE + _CAUSE, "AWSRequestId": REQUEST}, *_SQL,
        chain=_WRAPPED,
    ),
    failed(
        "java.util.logging", "Nov 23, 2026 7:00:01 PM com.shop.Handler handleRequest\nSEVERE: no stock", UNTYPED,
        "no stock", request="",
    ),
    failed(
        "ECS",
        {"@timestamp": "x", "log.level": "error", "message": "not booked", "error.type": "java.sql.SQLException",
         "error.message": "table missing", "error.stack_trace": "java.sql.SQLException: table missing\n"
         "\tat com.shop.Db.query(Db.java:41)\n", "faas.execution": REQUEST},
        *_SQL,
    ),
    failed(
        "ECS",
        {"@timestamp": "x", "log": {"level": "ERROR"}, "message": "raised", "faas": {"execution": REQUEST}, "error": {
            "type": "KeyError", "message": "'sku'", "stack_trace": '  File "/var/task/shop.py", line 82, in book\n'}},
        "KeyError", "'sku'", "shop.py:82 book",
    ),
    failed(
        "Powertools",
        {"level": "ERROR", "message": "not booked", "function_request_id": REQUEST, "error": {
            "message": "cannot book", "name": "java.lang.IllegalStateException", "stack": _TRACE + _CAUSE}},
        *_SQL, chain=_WRAPPED,
    ),
    fine("Java stack trace", f"2026-11-23 19:00:01 {REQUEST} WARN  Handler - caught\n{_TRACE}"),
    fine("log4j2", f"2026-11-23 19:00:01 {REQUEST} INFO  Handler - got ERROR from the server"),
    fine("log4j2", {"level": "WARN", "message": "x", "thrown": {"name": "java.lang.IllegalStateException"}}),
    fine("logback, Spring", "2026-11-23T19:00:01.000Z  INFO 8 --- [main] c.shop.Handler : status ERROR"),
    fine("logback, Spring", {"level": "INFO", "level_value": 20000, "message": "x"}),
    fine("java.util.logging", "Nov 23, 2026 7:00:01 PM com.shop.Handler handleRequest\nINFO: SEVERE weather"),
    fine("ECS", {"log.level": "info", "message": "x", "error.type": "KeyError", "event": {"outcome": "failure"}}),
    fine("ECS", {"log": {"level": "warn"}, "message": "x", "error": {"type": "KeyError"}}),
)  # fmt: skip
