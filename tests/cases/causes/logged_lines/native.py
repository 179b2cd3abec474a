"""Go and Rust."""

from __future__ import annotations

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

GO = "Go slog, zap, logrus, zerolog"
_DIAL = "dial tcp 10.0.0.7:5432: connect: connection refused"
_ROUTINE = (
    "\ngoroutine 1 [running]:\nruntime.gopanic(0x1)\n\t/usr/local/go/src/runtime/panic.go:7 +0x1\n"
    "main.total(...)\n\t/var/task/main.go:114 +0x1d\n"
)

LINES = (
    failed(
        GO, {"time": "x", "level": "ERROR", "msg": "not booked", "err": _DIAL, "requestId": REQUEST}, UNTYPED, _DIAL,
        chain=("not booked",),
    ),
    failed(
        GO, {"time": "x", "level": "ERROR", "msg": "no stock", "record": {"requestId": REQUEST}}, UNTYPED, "no stock",
    ),
    failed(GO, {"time": "x", "level": 8, "msg": "no stock"}, UNTYPED, "no stock", request=""),
    failed(
        GO, f'time=2026-11-23T19:00:01Z level=ERROR msg="not booked" err="{_DIAL}" requestId={REQUEST}', UNTYPED, _DIAL,
        chain=("not booked",),
    ),
    failed(
        GO,
        {"level": "error", "ts": 1764000000.1, "caller": "shop/main.go:12", "msg": "not booked", "error": "no stock",
         "stacktrace": "main.book\n\t/var/task/book.go:12\nmain.main\n\t/var/task/main.go:5", "requestId": REQUEST},
        UNTYPED, "no stock", "book.go:12 main.book", chain=("not booked",),
    ),
    failed(GO, {"level": 2, "ts": 1.5, "caller": "main.go:3", "msg": "no stock"}, UNTYPED, "no stock", request=""),
    failed(
        GO, '2026-11-23T19:00:01.000Z\tERROR\tshop/main.go:12\tnot booked\t{"error": "no stock"}', UNTYPED, "no stock",
        request="", chain=("shop/main.go:12\tnot booked",),
    ),
    failed(GO, f'time="x" level=error msg="no stock" requestId={REQUEST}', UNTYPED, "no stock"),
    failed(GO, {"level": "fatal", "msg": "gave up", "time": "x"}, UNTYPED, "gave up", request=""),
    failed(GO, "ERRO[0000] no stock", UNTYPED, "no stock", request=""),
    failed(GO, {"level": "error", "error": "no stock", "message": "not booked", "stack": [
        {"func": "book", "line": "12", "source": "book.go"}]}, UNTYPED, "no stock", "book.go:12 book", "",
        ("not booked",)),
    failed(GO, "7:00PM ERR not booked error=\"no stock\"", UNTYPED, "no stock", request="", chain=("not booked",)),
    failed(GO, 't=2026 lvl=eror msg="not booked" err="no stock"', UNTYPED, "no stock", request="",
           chain=("not booked",)),
    failed("klog", "E1123 19:00:01.000000       8 main.go:12] no stock", UNTYPED, "no stock", request=""),
    failed(
        "Go panic", f"panic: runtime error: index out of range [3] with length 2\n{_ROUTINE}", "panic",
        "runtime error: index out of range [3] with length 2", "main.go:114 main.total", "",
    ),
    failed(
        "Go panic", f"panic: no stock [recovered]\n\tpanic: cannot book\n{_ROUTINE}", "panic", "no stock",
        "main.go:114 main.total", "", ("panic: cannot book",),
    ),
    failed("Go panic", f"fatal error: concurrent map writes\n{_ROUTINE}", "fatal error", "concurrent map writes",
           "main.go:114 main.total", ""),
    failed(
        "Go panic",
        {"errorMessage": "runtime error: index out of range [3] with length 2", "errorType": "boundsError",
         "stackTrace": [{"path": "github.com/x/go/pkg/mod/lambda/panic.go", "line": 43, "label": "call"},
                        {"path": "shop/total.go", "line": 114, "label": "Total"}]},
        "boundsError", "runtime error: index out of range [3] with length 2", "shop/total.go:114 Total", "",
    ),
    failed(
        "Rust tracing",
        {"timestamp": "x", "level": "ERROR", "fields": {"message": "no stock"}, "target": "shop",
         "span": {"requestId": REQUEST, "name": "Lambda runtime invoke"}},
        UNTYPED, "no stock",
    ),
    failed(
        "Rust tracing",
        {"level": "ERROR", "fields": {"message": "not booked", "error": "disk is full"}, "target": "shop",
         "spans": [{"requestId": REQUEST}]},
        UNTYPED, "disk is full", chain=("not booked",),
    ),
    failed(
        "Rust tracing", f'ERROR Lambda runtime invoke{{requestId="{REQUEST}" xrayTraceId="y"}}: shop::book: no stock',
        UNTYPED, "no stock",
    ),
    failed("Rust tracing", "2026-11-23T19:00:01.000000Z ERROR shop: no stock", UNTYPED, "no stock", request=""),
    failed("Rust tracing", "\x1b[2m2026-11-23T19:00:01.0Z\x1b[0m \x1b[31mERROR\x1b[0m shop: no stock", UNTYPED,
           "no stock", request=""),
    failed("Rust tracing", "[2026-11-23T19:00:01Z ERROR shop] no stock", UNTYPED, "no stock", request=""),
    failed(
        "Rust panic", "thread 'main' panicked at src/main.rs:12:5:\nno stock\nnote: run with `RUST_BACKTRACE=1`",
        "panic", "no stock", "src/main.rs:12", "",
    ),
    failed("Rust panic", "thread 'main' panicked at 'no stock', src/main.rs:12:5", "panic", "no stock",
           "src/main.rs:12", ""),
    failed(
        "Rust panic", "Error: cannot book\n\nCaused by:\n    0: no connection\n    1: connection refused", UNTYPED,
        "connection refused", "", "", ("cannot book", "no connection"),
    ),
    failed(
        "Rust tracing", f'ERROR invoke{{requestId="{REQUEST}"}}: shop: not booked error=disk is full sku=7', UNTYPED,
        "disk is full", chain=("not booked",),
    ),
    fine(GO, {"level": "INFO", "msg": "again", "err": _DIAL}),
    fine(GO, {"time": "x", "level": 4, "msg": "slow"}),
    fine(GO, {"level": 0, "ts": 1.5, "caller": "main.go:3", "msg": "ok"}),
    fine(GO, f'time="x" level=warning msg="ERROR was there" error="{_DIAL}"'),
    fine(GO, 'time="x" level=info msg="level=error is what we look for"'),
    fine(GO, "2026-11-23T19:00:01.000Z\tINFO\tmain.go:12\tlast ERROR was an hour ago"),
    fine("klog", "W1123 19:00:01.000000       8 main.go:12] ERROR was here"),
    fine("Go panic", {"errorMessage": "", "level": "INFO", "errorType": ""}),
    fine("Rust tracing", ' INFO Lambda runtime invoke{requestId="x"}: shop: ERROR is a word'),
    fine("Rust tracing", {"level": "WARN", "fields": {"message": "x", "error": "disk is full"}}),
)  # fmt: skip
