""".NET: the runtime's console, Powertools, Serilog, Microsoft's JSON console and NLog."""

from __future__ import annotations

from tests.cases.causes.logged_lines.line import REQUEST, UNTYPED, failed, fine

_TIME = "2026-11-23T19:00:01.000Z"
_TRACE = (
    "System.InvalidOperationException: Sequence contains no elements\n   at System.Linq.ThrowHelper.No()\n"
    "   at Shop.Orders.First(Order o)\n   at Shop.Function.Handle(SQSEvent e)\n"
)
_ONE = ("System.InvalidOperationException", "Sequence contains no elements", "Shop.Orders.First")
_WRAPPED = (
    "Shop.OrderException: cannot book\n ---> System.IO.IOException: disk is full\n"
    "   at Shop.Disk.Write() in /src/Disk.cs:line 7\n   --- End of inner exception stack trace ---\n"
    "   at Shop.Function.Handle(SQSEvent e) in /src/Function.cs:line 12\n"
)
_DISK = ("System.IO.IOException", "disk is full", "src/Disk.cs:7 Shop.Disk.Write")
_BOOK = ("Shop.OrderException: cannot book",)

LINES = (
    failed(
        ".NET console",
        f"{_TIME}\t{REQUEST}\tfail\tShop.OrderException: cannot book\n"
        " ---> System.Net.Sockets.SocketException (111): Connection refused\n   at Shop.Net.Get()\n"
        "   --- End of inner exception stack trace ---\n   at Shop.Function.Handle(SQSEvent e)",
        "System.Net.Sockets.SocketException", "Connection refused", "Shop.Net.Get", chain=_BOOK,
    ),
    failed(
        ".NET console",
        f"{_TIME}\t{REQUEST}\tfail\tMicrosoft.Data.SqlClient.SqlException (0x80131904): Login failed\n"
        "   at Shop.Db.Open()",
        "Microsoft.Data.SqlClient.SqlException", "Login failed", "Shop.Db.Open",
    ),
    failed(".NET console", f"{_TIME}\t{REQUEST}\tfail\t{_TRACE}", *_ONE),
    failed(".NET console", f"{_TIME}\t{REQUEST}\tfail\tcould not book: no stock", UNTYPED, "could not book: no stock"),
    failed(".NET console", f"{_TIME}\t{REQUEST}\tcrit\tgave up", UNTYPED, "gave up"),
    failed(".NET console", f"{_TIME}\t{REQUEST}\tfail\t{_WRAPPED}", *_DISK, chain=_BOOK),
    failed(
        ".NET console", "fail: Shop.Function[0]\n      not booked\n      Shop.OrderException: cannot book\n"
        "       ---> System.IO.IOException: disk is full\n         at Shop.Disk.Write() in /src/Disk.cs:line 7\n"
        "         --- End of inner exception stack trace ---\n         at Shop.Function.Handle(SQSEvent e)",
        *_DISK, "", _BOOK,
    ),
    failed(".NET console", "crit: Shop.Function[0]\n      gave up", UNTYPED, "gave up", request=""),
    failed(".NET console", f"Unhandled exception. {_TRACE}", *_ONE, ""),
    failed(
        ".NET console",
        f"{_TIME}\t{REQUEST}\tfail\tSystem.AggregateException: One or more errors occurred. (disk is full) (gone)\n"
        " ---> System.IO.IOException: disk is full\n   at Shop.Disk.Write() in /src/Disk.cs:line 7\n"
        "   --- End of inner exception stack trace ---\n   at Shop.Function.Handle(SQSEvent e)\n"
        " ---> (Inner Exception #1) System.TimeoutException: gone\n   at Shop.Net.Get()<---\n",
        "System.IO.IOException", "disk is full", _DISK[2],
        chain=("System.AggregateException: One or more errors occurred. (disk is full) (gone)",
               "first of 2 different errors"),
    ),
    failed(
        ".NET console",
        f"{_TIME}\t{REQUEST}\tfail\tShop.OrderException: cannot book ---> System.IO.IOException: disk is full\n"
        "   at Shop.Disk.Write() in C:\\src\\Disk.cs:line 7\n   --- End of inner exception stack trace ---\n",
        "System.IO.IOException", "disk is full", "C:/src/Disk.cs:7 Shop.Disk.Write", chain=_BOOK,
    ),
    failed(
        "AWS Lambda JSON",
        {"timestamp": _TIME, "level": "Error", "requestId": REQUEST, "message": "not booked", "errorType":
         "System.InvalidOperationException", "errorMessage": _ONE[1], "stackTrace": _TRACE.split("\n")[1:3]},
        *_ONE,
    ),
    failed(
        "Powertools",
        {"level": "Error", "message": "not booked", "function_request_id": REQUEST, "exception": {
            "type": "Shop.OrderException", "message": "cannot book", "source": "Shop",
            "stack_trace": "   at Shop.Function.Handle(SQSEvent e)", "inner_exception": {
                "type": "System.IO.IOException", "message": "disk is full",
                "stack_trace": "   at Shop.Disk.Write() in /src/Disk.cs:line 7"}}},
        *_DISK, chain=_BOOK,
    ),
    failed(
        "Serilog", {"@t": "x", "@m": "not booked", "@l": "Error", "@x": _WRAPPED, "RequestId": REQUEST}, *_DISK,
        chain=_BOOK,
    ),
    failed("Serilog", {"@t": "x", "@mt": "no stock for {Sku}", "@l": "Fatal"}, UNTYPED, "no stock for {Sku}",
           request=""),
    failed(
        "Serilog",
        {"Timestamp": "x", "Level": "Error", "MessageTemplate": "not booked {N}", "RenderedMessage": "not booked 7",
         "Exception": _TRACE, "Properties": {"RequestId": REQUEST}},
        *_ONE,
    ),
    failed("Serilog", {"Level": 4, "MessageTemplate": "no stock"}, UNTYPED, "no stock", request=""),
    failed("Serilog", "[19:00:01 ERR] no stock", UNTYPED, "no stock", request=""),
    failed("Serilog", f"2026-11-23 19:00:01.000 +00:00 [FTL] gave up\n{_TRACE}", *_ONE, ""),
    failed(
        ".NET JSON console",
        {"EventId": 0, "LogLevel": "Error", "Category": "Shop", "Message": "not booked", "Exception": _TRACE},
        *_ONE, "",
    ),
    failed(
        ".NET JSON console",
        {"EventId": 0, "LogLevel": "Critical", "Category": "Shop", "Message": "x",
         "Exception": "System.IO.IOException: disk is full"},
        "System.IO.IOException", "disk is full", "", "",
    ),
    failed("Serilog", "2026-11-23 19:00:01.0000|ERROR|Shop.Function|no stock", UNTYPED, "no stock", request=""),
    fine(".NET console", f"{_TIME}\t{REQUEST}\tinfo\tfail: none"),
    fine(".NET console", f"{_TIME}\t{REQUEST}\twarn\t{_TRACE}"),
    fine(".NET console", f"warn: Shop.Function[0]\n      {_TRACE}"),
    fine("Serilog", {"@t": "x", "@m": "Error rate 0"}),
    fine("Serilog", {"@t": "x", "@m": "again", "@l": "Warning", "@x": _TRACE}),
    fine("Serilog", {"Level": "Information", "RenderedMessage": "x", "Properties": {"Level": "Error"}}),
    fine("Serilog", "[19:00:01 INF] ERR none"),
    fine(".NET JSON console", {"EventId": 0, "LogLevel": "Warning", "Category": "Shop", "Exception": _TRACE}),
)  # fmt: skip
