"""Messages of real libraries: which are one cause (``SAME``), and which are not (``DIFFERENT``)."""

SAME: tuple[tuple[str, str], ...] = (
    # ids, counts, sizes, times
    ("order 81723 has 3 lines", "order 9 has 12 lines"),
    ("job 0b61c1b2-5d6c-4a6b-9d43-93a5a3a0f6ee is stale", "job 7C0F6B9E-2F60-4A9F-BB0C-1D3D9A0C8B11 is stale"),
    ("object at 0x7fb3c1a0", "object at 0x55D0EE10"),
    ("commit 9f86d081884c7d659a2feaa0c55ad015 is gone", "commit 60303AE22B998861BCE3B28F33EEC1BE is gone"),
    ("took 12.5 ms of 30 s", "took 7 ms of 45 s"),
    ("payload of 1,048,577 bytes is too large", "payload of 2,000,000 bytes is too large"),
    ("used 2.98 GiB of 3 GiB", "used 3.01 GiB of 4 GiB"),
    ("exp 1763900000 is in the past", "exp 1764000001 is in the past"),
    ("expired at 2026-11-23T10:00:00.123Z", "expired at 2026-01-02 03:04:05+01:00"),
    (
        "jwt expired at Mon Nov 23 2026 10:00:00 GMT+0100 (Central European Standard Time)",
        "jwt expired at Fri Jan 02 2026 11:12:13 GMT+0000 (Coordinated Universal Time)",
    ),
    ("valid until Tue, 24 Nov 2026 09:00:00 GMT", "valid until Sun, 6 Dec 2026 19:30:00 +0200"),
    ("closed since November 23, 2026 at 4:05 PM", "closed since May 2, 2026 at 11:59 AM"),
    ("closed since 23 November 2026", "closed since 2 May 2025"),
    ("no class at 9:05:01 a. m.", "no class at 12:18:17 p. m."),
    ("no class at 9:05:01 PM", "no class at 12:18:17 AM"),
    ("[23/Nov/2026:10:00:00 +0000] refused", "[02/May/2026:23:10:05 +0200] refused"),
    ("Nov 23 10:00:00 upstream died", "Dec  1 23:59:59 upstream died"),
    # people, tenants
    ("user alice has no mailbox", "user bob has no mailbox"),
    (
        "Access denied for user 'app'@'10.0.0.7' (using password: YES)",
        "Access denied for user 'job'@'10.0.3.9' (using password: YES)",
    ),
    ("tenant acme is over its limit", "tenant globex is over its limit"),
    ("no mailbox for alice@example.com", "no mailbox for bob.b@mail.example.org"),
    ("account Müller not known", "account Sørensen not known"),
    ('password authentication failed for user "reporter"', 'password authentication failed for user "loader"'),
    # hosts, addresses
    ("getaddrinfo ENOTFOUND redis", "getaddrinfo ENOTFOUND cache.prod.svc.cluster.local"),
    ("getaddrinfo EAI_AGAIN db-eu.internal.example", "getaddrinfo EAI_AGAIN db-us.internal.example"),
    ("connect ECONNREFUSED 10.0.12.7:5432", "connect ECONNREFUSED 10.0.3.250:5433"),
    ("connect ECONNREFUSED ::1:5432", "connect ECONNREFUSED fe80::1ff:fe23:4567:890a:5432"),
    (
        "dial tcp: lookup orders.internal on 10.0.0.2:53: no such host",
        "dial tcp: lookup users.internal on 10.0.0.3:53: no such host",
    ),
    (
        "HTTPSConnectionPool(host='api-1.example.com', port=443): Read timed out. (read timeout=3)",
        "HTTPSConnectionPool(host='api-2.example.net', port=8443): Read timed out. (read timeout=5)",
    ),
    ("redis-a: Name or service not known", "redis-b.prod: Name or service not known"),
    ("Failed to connect to shop-a.example.com port 443", "Failed to connect to shop-b.example.com port 8443"),
    ("GET https://api.example.com/orders/17?x=1 timed out", "GET https://api.example.com/orders/99 timed out"),
    (
        "User arn:aws:sts::123456789012:assumed-role/a/b is not authorized",
        "User arn:aws:sts::210987654321:assumed-role/c/d is not authorized",
    ),
    # paths, keys of objects
    ("The specified key does not exist: reports/summary.csv", "The specified key does not exist: exports/people.csv"),
    ("no such file: /mnt/data/a/b.parquet", "no such file: /tmp/x/y/z.csv"),
    ("cannot read people.csv", "cannot read orders.xlsx"),
    ("cannot open C:\\data\\in.csv", "cannot open D:\\other\\out.txt"),
    ("input 2026/11/23/orders is empty", "input 2025/01/02/people is empty"),
    # secrets, encodings
    (
        "bad token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
        "bad token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJiYmIifQ.b3RoZXI",
    ),
    ("blob aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8= refused", "blob Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6QQ== refused"),
    # quoted values
    ("invalid literal for int() with base 10: 'abc'", "invalid literal for int() with base 10: 'x y'"),
    ("could not convert string to float: 'n/a'", "could not convert string to float: '-'"),
    ('For input string: "12a"', 'For input string: "zz"'),
    ('invalid input syntax for type integer: "abc"', 'invalid input syntax for type integer: ""'),
    ("Duplicate entry 'a@b.example' for key 'users.email'", "Duplicate entry 'c@d.example' for key 'users.email'"),
    ("Key (email)=(a@b.example) already exists.", "Key (email)=(c) already exists."),
    ("'abc' is not of type 'integer'", "'x y z' is not of type 'integer'"),
    ("'red' is not one of ['a', 'b']", "'blue' is not one of ['a', 'b', 'c']"),
    (
        'Cast to ObjectId failed for value "abc" (type string) at path "_id" for model "Order"',
        'Cast to ObjectId failed for value "zzz" (type string) at path "_id" for model "Order"',
    ),
    (
        'Cannot deserialize value of type `java.time.LocalDate` from String "2026-13-01"',
        'Cannot deserialize value of type `java.time.LocalDate` from String "soon"',
    ),
    (
        "Input should be a valid integer [type=int_parsing, input_value='abc', input_type=str]",
        "Input should be a valid integer [type=int_parsing, input_value='x y', input_type=str]",
    ),
    (
        "Incorrect date value: '2026-02-30' for column 'born' at row 1",
        "Incorrect date value: 'x' for column 'born' at row 9",
    ),
    # where JSON broke off
    ("Expecting value: line 1 column 1 (char 0)", "Expecting ',' delimiter: line 3 column 9 (char 77)"),
    ("Unexpected token '<', \"<html>\" is not valid JSON", "Unexpected token 'o', \"{oops\" is not valid JSON"),
    (
        "Expected property name or '}' in JSON at position 1 (line 1 column 2)",
        "Unterminated string in JSON at position 44",
    ),
    # languages without spaces
    ("注文123が見つかりません", "注文98765が見つかりません"),
    ("订单 17 不存在", "订单 4711 不存在"),
)

DIFFERENT: tuple[tuple[str, ...], ...] = (
    # HTTP, exits, signals, errno
    (
        "Request failed with status code 404",
        "Request failed with status code 429",
        "Request failed with status code 503",
    ),
    ("HTTP 502", "HTTP 503"),
    ("HTTP/1.1 401", "HTTP/1.1 403"),
    (
        "404 Client Error: Not Found for url: https://a.example/x",
        "500 Server Error: Internal Server Error for url: https://a.example/x",
    ),
    (
        "Response status code does not indicate success: 503 (Service Unavailable).",
        "Response status code does not indicate success: 429 (Too Many Requests).",
    ),
    (
        "Server returned HTTP response code: 502 for URL: https://a.example",
        "Server returned HTTP response code: 403 for URL: https://a.example",
    ),
    ("upstream responded with 500", "upstream responded with 429"),
    ("{status: 400, body: x}", "{status: 409, body: x}"),
    ("Command 'x' returned non-zero exit status 1.", "Command 'x' returned non-zero exit status 137."),
    ("exited with code 1", "exited with code 143"),
    ("exit code: 2", "exit code: 255"),
    ("killed by signal 9", "killed by signal 11"),
    ("[Errno 2] cannot open", "[Errno 13] cannot open"),
    ("Connection lost (os error 104)", "Connection lost (os error 32)"),
    ("errno: -3008", "errno: -110"),
    # databases
    ("SQLSTATE[23000]", "SQLSTATE[42S02]"),
    ("failed (SQLSTATE 23505)", "failed (SQLSTATE 40001)"),
    ("ORA-00001", "ORA-12541"),
    ("ERROR 1062 (23000): failed", "ERROR 1213 (40001): failed"),
    ("E11000 write failed", "E11600 write failed"),
    ("TNS-12541: no", "TNS-12154: no"),
    ("AADSTS50034: no", "AADSTS700016: no"),
    (
        'duplicate key value violates unique constraint "orders_pkey"',
        'duplicate key value violates unique constraint "users_email_key"',
    ),
    (
        'null value in column "total" of relation "orders" violates not-null constraint',
        'null value in column "email" of relation "orders" violates not-null constraint',
    ),
    ('relation "orders" does not exist', 'relation "invoices" does not exist'),
    ("Unknown column 'price' in 'field list'", "Unknown column 'vat' in 'field list'"),
    ("Table 'shop.orders' doesn't exist", "Table 'shop.people' doesn't exist"),
    ("Data too long for column 'name' at row 1", "Data too long for column 'city' at row 1"),
    ("Duplicate entry 'x' for key 'users.email'", "Duplicate entry 'x' for key 'users.phone'"),
    ("Key (email)=(x) already exists.", "Key (phone)=(x) already exists."),
    ("Violation of PRIMARY KEY constraint 'PK_Orders'.", "Violation of PRIMARY KEY constraint 'PK_People'."),
    (
        "E11000 duplicate key error collection: shop.orders index: email_1 dup key",
        "E11000 duplicate key error collection: shop.orders index: phone_1 dup key",
    ),
    # Python
    ("'customer_id'", "'currency'"),
    ("'NoneType' object has no attribute 'split'", "'str' object has no attribute 'get'"),
    ("No module named 'numpy'", "No module named 'PIL'"),
    ("name 'total' is not defined", "name 'price' is not defined"),
    (
        "cannot import name 'a' from 'pkg.x' (/var/task/pkg/x.py)",
        "cannot import name 'b' from 'pkg.x' (/var/task/pkg/x.py)",
    ),
    ("f() missing 1 required positional argument: 'rate'", "f() missing 1 required positional argument: 'total'"),
    ("f() got an unexpected keyword argument 'rate'", "f() got an unexpected keyword argument 'total'"),
    ("unsupported operand type(s) for +: 'int' and 'str'", "unsupported operand type(s) for +: 'int' and 'NoneType'"),
    (
        "'<' not supported between instances of 'str' and 'int'",
        "'>' not supported between instances of 'str' and 'int'",
    ),
    ("\"['price'] not in index\"", "\"['total'] not in index\""),
    ("'amount' is a required property", "'currency' is a required property"),
    (
        "Additional properties are not allowed ('foo' was unexpected)",
        "Additional properties are not allowed ('bar' was unexpected)",
    ),
    (
        'Parameter validation failed:\nMissing required parameter in input: "Bucket"',
        'Parameter validation failed:\nMissing required parameter in input: "Key"',
    ),
    # Node.js
    ("Cannot read properties of undefined (reading 'id')", "Cannot read properties of undefined (reading 'total')"),
    ("Cannot find module 'axios'", "Cannot find module './lib/price'"),
    ('"amount" is required', '"currency" is required'),
    ('The "path" argument must be of type string', 'The "data" argument must be of type string'),
    ("Order validation failed: Path `total` is required.", "Order validation failed: Path `email` is required."),
    # Java, .NET, PHP, Ruby, Go
    (
        'Cannot invoke "a.Order.getTotal()" because "order" is null',
        'Cannot invoke "a.Order.getPerson()" because "order" is null',
    ),
    ('Unrecognized field "vat" (class a.Order)', 'Unrecognized field "discount" (class a.Order)'),
    (
        "The given key 'vat' was not present in the dictionary.",
        "The given key 'total' was not present in the dictionary.",
    ),
    ("Value cannot be null. (Parameter 'source')", "Value cannot be null. (Parameter 'target')"),
    (
        "Could not load file or assembly 'Newtonsoft.Json, Version=13.0.0.0'",
        "Could not load file or assembly 'Npgsql, Version=8.0.0.0'",
    ),
    ('Undefined array key "amount"', 'Undefined array key "email"'),
    ("undefined method `total' for nil:NilClass", "undefined method `email' for nil:NilClass"),
    ("undefined method 'total' for nil", "undefined method 'email' for nil"),
    (
        "json: cannot unmarshal string into Go struct field Order.amount of type int",
        "json: cannot unmarshal string into Go struct field Order.total of type int",
    ),
    # AWS
    (
        "An error occurred (ThrottlingException) when calling the PutItem operation",
        "An error occurred (ValidationException) when calling the PutItem operation",
    ),
    ("not authorized to perform: s3:GetObject on resource", "not authorized to perform: s3:PutObject on resource"),
    (
        "(Service: S3, Status Code: 404, Request ID: A1B2C3D4E5F6A7B8)",
        "(Service: S3, Status Code: 403, Request ID: B1B2C3D4E5F6A7B9)",
    ),
    # languages without spaces
    ("注文123が見つかりません", "注文123は支払い済みです"),
    ("用户17不存在", "用户17已锁定"),
    ("状态码 404", "状态码 503"),
    # the reason at the end of a long message
    (
        "while handling " + "a very long request " * 500 + ": connection refused",
        "while handling " + "a very long request " * 500 + ": access denied",
    ),
)
