"""Node.js: the console, the runtime, Powertools, pino, bunyan, winston, log4js and tslog."""

from __future__ import annotations

import json

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

_AT = "    at Object.get (/var/task/node_modules/lodash/get.js:3:1)\n    at handler (file:///var/task/index.mjs:9:15)"
_TIME = "2026-11-23T19:00:01.000Z"
_STACK = f"TypeError: x is not a function\n{_AT}"
_REFUSED = {"errorType": "Error", "errorMessage": "connect ECONNREFUSED 10.0.0.1:443", "code": "ECONNREFUSED"}

LINES = (
    failed(
        "Node.js console",
        f"2026-11-23T19:00:01.000Z\t{REQUEST}\tERROR\tUnhandled Promise Rejection \t"
        '{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"RangeError: too many","reason":'
        '{"errorType":"RangeError","errorMessage":"too many","stack":["RangeError: too many"]},"promise":{}}',
        "RangeError", "too many", chain=("Runtime.UnhandledPromiseRejection: RangeError: too many",),
    ),
    failed("Node.js console", f"{_TIME}\t{REQUEST}\tERROR\tno stock", UNTYPED, "no stock"),
    failed(
        "Node.js console", f"{_TIME}\t{REQUEST}\tERROR\t{_STACK}", "TypeError", "x is not a function",
        "index.mjs:9 handler",
    ),
    failed(
        "Node.js console",
        f"{_TIME}\t{REQUEST}\tERROR\tTypeError: fetch failed\n{_AT} {{\n"
        "  [cause]: Error: connect ECONNREFUSED 10.0.0.1:443\n"
        "      at TCPConnectWrap.afterConnect (node:net:1555:16) {\n    errno: -111,\n    code: 'ECONNREFUSED'\n  }\n}",
        "Error", "connect ECONNREFUSED 10.0.0.1:443", "index.mjs:9 handler", chain=("TypeError: fetch failed",),
    ),
    failed(
        "Node.js console",
        f"{_TIME}\t{REQUEST}\tERROR\tAggregateError: All promises were rejected\n{_AT} {{\n"
        "  [errors]: [\n    RangeError: too far\n        at far (/var/task/far.js:2:1),\n"
        "    Error: gone\n        at gone (/var/task/gone.js:2:1)\n  ]\n}",
        "RangeError", "too far", "far.js:2 far",
        chain=("AggregateError: All promises were rejected", "first of 2 different errors"),
    ),
    failed(
        "Node.js console",
        f"{_TIME}\t{REQUEST}\tERROR\tInvoke Error \t" + json.dumps({
            "errorType": "TypeError", "errorMessage": "x is not a function", "stack": _STACK.split("\n")}),
        "TypeError", "x is not a function", "index.mjs:9 handler",
    ),
    failed(
        "Node.js console",
        f"{_TIME}\tundefined\tERROR\tUncaught Exception \t" + json.dumps({
            "errorType": "Runtime.ImportModuleError", "errorMessage": "Error: Cannot find module 'money'",
            "stack": []}),
        "Runtime.ImportModuleError", "Error: Cannot find module 'money'", "", "",
    ),
    failed(
        "AWS Lambda JSON",
        {"timestamp": _TIME, "level": "ERROR", "requestId": REQUEST, "errorType": "TypeError",
         "errorMessage": "fetch failed", "stackTrace": ["    at handler (file:///var/task/index.mjs:9:15)"],
         "cause": {**_REFUSED, "cause": {"errorType": "SocketError", "errorMessage": "closed"}},
         "message": "no answer"},
        "SocketError", "closed", "index.mjs:9 handler",
        chain=("TypeError: fetch failed", "Error: connect ECONNREFUSED 10.0.0.1:443"),
    ),
    failed(
        "AWS Lambda JSON",
        {"timestamp": _TIME, "level": "ERROR", "requestId": REQUEST,
         "message": {"errorType": "RangeError", "errorMessage": "too far", "stackTrace": _AT.split("\n")}},
        "RangeError", "too far", "index.mjs:9 handler",
    ),
    failed(
        "Powertools",
        {"level": "ERROR", "message": "not booked", "function_request_id": REQUEST, "error": {
            "name": "Error", "location": "file:///var/task/index.mjs:9", "message": "not booked",
            "stack": f"Error: not booked\n{_AT}", "cause": {
                "name": "SkuError", "message": "no sku", "stack": "SkuError: no sku\n    at a (/var/task/a.js:1:2)"}}},
        "SkuError", "no sku", "a.js:1 a", chain=("Error: not booked",),
    ),
    failed(
        "Powertools",
        {"level": "ERROR", "message": "batch", "function_request_id": REQUEST, "error": {
            "name": "FullBatchFailureError", "message": "All records failed", "stack": "", "childErrors": [
                {"name": "KeyError", "message": "no key"}, {"name": "KeyError", "message": "no key"}]}},
        "KeyError", "no key", chain=("FullBatchFailureError: All records failed",),
    ),
    failed(
        "pino, bunyan",
        {"level": 50, "time": 1764000000000, "pid": 8, "hostname": "x", "msg": "failed", "awsRequestId": REQUEST,
         "err": {"type": "RangeError", "message": "too far", "stack": f"RangeError: too far\n{_AT}"}},
        "RangeError", "too far", "index.mjs:9 handler",
    ),
    failed("pino, bunyan", {"level": 60, "time": 1, "msg": "gave up", "requestId": REQUEST}, UNTYPED, "gave up"),
    failed(
        "pino, bunyan",
        {"name": "shop", "hostname": "x", "pid": 8, "level": 50, "v": 0, "msg": "failed",
         "err": {"name": "TypeError", "message": "x", "stack": f"TypeError: x\n{_AT}"}},
        "TypeError", "x", "index.mjs:9 handler", "",
    ),
    failed(
        "winston",
        {"level": "error", "message": "x is not a function", "stack": _STACK, "requestId": REQUEST},
        "TypeError", "x is not a function", "index.mjs:9 handler",
    ),
    failed("winston", {"level": "\x1b[31merror\x1b[39m", "message": "no stock"}, UNTYPED, "no stock", request=""),
    failed("winston", 'error: no stock {"requestId":"' + REQUEST + '","sku":7}', UNTYPED, "no stock"),
    failed("winston", "2026-11-23T19:00:01.000Z [error]: no stock", UNTYPED, "no stock", request=""),
    failed("winston", "2026-11-23T19:00:01.000Z error: no stock", UNTYPED, "no stock", request=""),
    failed(  # a JSON line, written by console.log in the JSON log format
        "winston",
        {"timestamp": _TIME, "level": "INFO", "requestId": REQUEST,
         "message": json.dumps({"level": "error", "message": "no stock"})},
        UNTYPED, "no stock",
    ),
    failed(
        "winston", f"{_TIME}\t{REQUEST}\tINFO\t" + json.dumps({"level": "error", "message": "no stock"}),
        UNTYPED, "no stock",
    ),
    failed("pino, bunyan", "[19:00:01.000] ERROR (8): no stock", UNTYPED, "no stock", request=""),
    failed("pino, bunyan", {"level": "50", "msg": "no stock"}, UNTYPED, "no stock", request=""),
    failed("pino, bunyan", {"level": 50, "time": 1764000000, "message": "no stock"}, UNTYPED, "no stock", request=""),
    failed("winston", _TIME + ' {"level":"error","message":"no stock"}', UNTYPED, "no stock", request=""),
    failed("winston", {"level": "error", "message": "failed", "errorMsg": "no stock"}, UNTYPED, "no stock", "", "",
           ("failed",)),
    failed("winston", {"level": "error", "message": "failed", "cause": "no stock"}, UNTYPED, "no stock", "", "",
           ("failed",)),
    failed("log4js, tslog", "[2026-11-23T19:00:01.000] [ERROR] default - no stock", UNTYPED, "no stock", request=""),
    failed(
        "log4js, tslog", {"0": "no stock today", "_meta": {"logLevelId": 5, "logLevelName": "ERROR"}}, UNTYPED,
        "no stock today", request="",
    ),
    failed(
        "log4js, tslog", {"level": {"level": 40000, "levelStr": "ERROR"}, "message": "no stock"}, UNTYPED, "no stock",
        request="",
    ),
    fine("Node.js console", f"{_TIME}\t{REQUEST}\tINFO\tError: caught, trying again\n{_AT}"),
    fine("Node.js console", f"{_TIME}\t{REQUEST}\tWARN\t{_STACK}"),
    fine("Node.js console", f"{_TIME}\t{REQUEST}\tINFO\tthe ERROR was found"),
    fine("AWS Lambda JSON", {"level": "WARN", "message": "x", "errorType": "TypeError", "errorMessage": "x"}),
    fine("AWS Lambda JSON", {"level": "INFO", "message": json.dumps({"level": "info", "message": "ERROR free"})}),
    fine("Powertools", {"level": "INFO", "message": "job", "error": {"name": "TypeError", "message": "x"}}),
    fine("pino, bunyan", {"level": 40, "time": 1, "pid": 8, "hostname": "x", "logger": "a", "msg": "slow"}),
    fine("pino, bunyan", {"level": 30, "time": 1, "msg": "error: 0", "err": {"type": "TypeError", "message": "x"}}),
    fine("pino, bunyan", {"name": "a", "hostname": "x", "pid": 8, "level": 40, "v": 0, "msg": "slow"}),
    fine("winston", {"level": "info", "message": "error: none", "status": "error"}),
    fine("winston", "info: error: none"),
    fine("winston", {"level": "error_count", "message": "three", "value": 3}),
    fine("log4js, tslog", "[2026-11-23T19:00:01.000] [INFO] default - ERROR free"),
)  # fmt: skip
