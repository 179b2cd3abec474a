"""Ruby, PHP, Elixir, and schemes of levels that any language may write; what the platform says of its runtimes."""

from __future__ import annotations

import json

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

_UNHANDLED = {
    "errorMessage": "undefined method `each' for nil", "errorType": "Function<NoMethodError>",
    "stackTrace": ["/var/runtime/gems/x.rb:1:in `call'", "/var/task/app.rb:18:in `handler'"],
}  # fmt: skip
_PHP = "\nStack trace:\n#0 /var/task/worker.php(12): App\\Jobs\\Book->handle()\n#1 {main}\n  thrown in /x.php on line 3"

LINES = (
    failed("Ruby", "E, [2026-11-23T19:00:01.0 #8] ERROR -- : Net::OpenTimeout: execution expired", "Net::OpenTimeout",
           "execution expired", request=""),
    failed("OpenTelemetry", {"severityText": "ERROR", "body": "not booked", "attributes": {
        "exception.type": "java.io.IOException", "exception.message": "disk is full"}},
           "java.io.IOException", "disk is full", request=""),
    failed("Ruby", "Critical exception from handler\n" + json.dumps(_UNHANDLED, indent=2), "Function<NoMethodError>",
           "undefined method `each' for nil", "app.rb:18 handler", ""),
    failed("Ruby", f"E, [2026-11-23T19:00:01.0 #8] ERROR -- : RequestId: {REQUEST} no stock", UNTYPED,
           f"RequestId: {REQUEST} no stock"),
    failed("Ruby", "F, [2026-11-23T19:00:01.0 #8] FATAL -- shop: gave up", UNTYPED, "gave up", request=""),
    failed(
        "Ruby",
        "E, [2026-11-23T19:00:01.0 #8] ERROR -- : cannot book (Shop::OrderError)\n/var/task/app.rb:30:in 'book'\n"
        "/var/task/app.rb:8:in 'handler'",
        "Shop::OrderError", "cannot book", "app.rb:30 book", "",
    ),
    failed(
        "Ruby",
        "/var/task/app.rb:18:in 'each': undefined method 'x' for nil (NoMethodError)\n"
        "\tfrom /var/task/app.rb:8:in 'go'\n",
        "NoMethodError", "undefined method 'x' for nil", "app.rb:18 each", "",
    ),
    failed(
        "Ruby", "NoMethodError: no method\n/var/task/app.rb:18:in `each'", "NoMethodError", "no method",
        "app.rb:18 each", "",
    ),
    failed("PHP", "NOTICE: PHP message: PHP Fatal error:  Uncaught TypeError: bad in /var/task/Book.php:3", "TypeError",
           "bad", "Book.php:3", ""),
    failed("Elixir", "2026/11/23 19:00:01 [error] 8#8: *1 connect() failed", UNTYPED, "8#8: *1 connect() failed",
           request=""),
    failed(
        "PHP", "PHP Fatal error:  Uncaught RuntimeException: no stock in /var/task/app/Jobs/Book.php:33" + _PHP,
        "RuntimeException", "no stock", "app/Jobs/Book.php:33", "",
    ),
    failed(
        "PHP",
        "[23-Nov-2026 19:00:01 UTC] PHP Fatal error:  Uncaught PDOException: gone away in /var/task/Db.php:9\n"
        "Stack trace:\n#0 {main}\n\nNext App\\OrderError: cannot book in /var/task/Book.php:33" + _PHP,
        "PDOException", "gone away", "Db.php:9", "", ("App\\OrderError: cannot book",),
    ),
    failed(
        "PHP", "PHP Fatal error:  Allowed memory size of 9 bytes exhausted in /var/task/Book.php on line 33",
        "Fatal error", "Allowed memory size of 9 bytes exhausted", "Book.php:33", "",
    ),
    failed(
        "Bref",
        f"{REQUEST}\tInvoke Error\t" + json.dumps({
            "errorType": "RuntimeException", "errorMessage": "no stock", "stack": ["#0 /var/task/Book.php(33): x()"]}),
        "RuntimeException", "no stock", "Book.php:33 x()",
    ),
    failed(
        "Monolog",
        {"message": "not booked", "level": 400, "level_name": "ERROR", "channel": "app", "context": {"exception": {
            "class": "App\\OrderError", "message": "cannot book", "code": 0, "file": "/var/task/Book.php:33",
            "previous": {"class": "PDOException", "message": "gone away", "code": 0, "file": "/var/task/Db.php:9"}}},
         "extra": {"requestId": REQUEST}},
        "PDOException", "gone away", "Db.php:9", chain=("App\\OrderError: cannot book",),
    ),
    failed("Monolog", {"message": "no stock", "level": 500, "channel": "app"}, UNTYPED, "no stock", request=""),
    failed("Monolog", "[2026-11-23T19:00:01.000000+00:00] app.ERROR: no stock [] []", UNTYPED, "no stock [] []",
           request=""),
    failed(
        "Monolog",
        '[2026-11-23 19:00:01] production.ERROR: cannot book {"exception":"[object] (App\\\\OrderError(code: 0): '
        'cannot book at /var/task/Book.php:33)\\n[stacktrace]\\n#0 {main}\\n[previous exception] [object] '
        '(PDOException(code: 0): gone away at /var/task/Db.php:9)"} []',
        "PDOException", "gone away", "Db.php:9", "", ("App\\OrderError: cannot book",),
    ),
    failed(
        "Elixir",
        "19:00:01.000 [error] Task failed\n** (RuntimeError) no stock\n    (shop 0.1.0) lib/shop.ex:12: Shop.book/1",
        "RuntimeError", "no stock", "lib/shop.ex:12 Shop.book/1", "",
    ),
    failed("Google Cloud severity", {"severity": "ERROR", "message": "no stock", "requestId": REQUEST}, UNTYPED,
           "no stock"),
    failed("Google Cloud severity", {"severity": "EMERGENCY", "message": "gave up"}, UNTYPED, "gave up", request=""),
    failed("Google Cloud severity", {"severity": 500, "message": "no stock"}, UNTYPED, "no stock", request=""),
    failed(
        "GELF, syslog",
        {"version": "1.1", "host": "x", "short_message": "no stock", "level": 3, "_requestId": REQUEST}, UNTYPED,
        "no stock",
    ),
    failed(
        "OpenTelemetry",
        {"severityText": "ERROR", "severityNumber": 17, "body": "not booked", "attributes": {"a.b": "KeyError"},
         "faas.invocation_id": REQUEST},
        UNTYPED, "not booked",
    ),
    failed("OpenTelemetry", {"severityNumber": 21, "body": "gave up", "exception.type": "KeyError",
                             "exception.message": "'sku'"}, "KeyError", "'sku'", "", ""),
    failed("this project's handler", {"level": "ERROR", "message": "job failed", "function_request_id": REQUEST,
                                      "error_type": "DataNotFound", "error_message": "no file"}, "DataNotFound",
           "no file"),
    failed(
        "exit of a runtime", f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
        "Runtime.ExitError", "Runtime exited with error: exit status 1",
    ),
    failed(
        "exit of a runtime",
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        "Runtime.OutOfMemory", "Runtime exited with error: signal: killed, as Lambda does for memory",
    ),
    failed("exit of a runtime", f"RequestId: {REQUEST} Process exited before completing request", "Runtime.ExitError",
           "Process exited before completing request"),
    failed(
        "exit of a runtime",
        {"time": "x", "message": f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 2\n"
         "Runtime.ExitError"},
        "Runtime.ExitError", "Runtime exited with error: exit status 2",
    ),
    fine("exit of a runtime", f"START RequestId: {REQUEST} Version: $LATEST"),
    fine("Ruby", "I, [2026-11-23T19:00:01.0 #8]  INFO -- : ERROR rate 0"),
    fine("Ruby", "W, [2026-11-23T19:00:01.0 #8]  WARN -- : caught (NoMethodError)\n/var/task/app.rb:18:in 'each'"),
    fine("PHP", "PHP Warning:  Undefined variable $x in /var/task/Book.php on line 33"),
    fine("PHP", "[23-Nov-2026 19:00:01 UTC] PHP Deprecated:  old in /var/task/Book.php on line 33"),
    fine("Bref", f"{REQUEST}\tINFO\tInvoke Error was yesterday"),
    fine("Monolog", {"message": "x", "level": 200, "level_name": "INFO", "channel": "app"}),
    fine("Monolog", {"message": "x", "level": 300, "channel": "app", "context": {"exception": {"class": "E"}}}),
    fine("Monolog", "[2026-11-23T19:00:01.000000+00:00] app.INFO: app.ERROR: is what we look for [] []"),
    fine("Elixir", "19:00:01.000 [info] [error] is what we look for"),
    fine("Google Cloud severity", {"severity": "NOTICE", "message": "ERROR"}),
    fine("Google Cloud severity", {"severity": 200, "message": "x"}),
    fine("GELF, syslog", {"version": "1.1", "host": "x", "short_message": "x", "level": 6}),
    fine("OpenTelemetry", {"severityText": "INFO", "severityNumber": 9, "body": "error", "exception.type": "KeyError"}),
    fine("this project's handler", {"level": "INFO", "message": "job succeeded", "status": "error"}),
    fine("GELF, syslog", {"level": 50, "player": "x"}),
    fine("GELF, syslog", {"level": 3, "depth": 2}),
    fine("Google Cloud severity", {"severity": None, "level": True, "message": "x"}),
    fine("AWS Lambda JSON", {"orders": 3, "errorType": "", "errors": []}),
    fine("AWS Lambda JSON", {"battery_level": "critical", "message": "x"}),
)  # fmt: skip
