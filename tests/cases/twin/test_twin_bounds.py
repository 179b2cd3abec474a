"""What the twin reads of strangers is bounded: filter patterns, and HTTP heads, bodies, chunks and trailers.

The large cases would take hours, or all memory, without a bound; they need no clock to fail.
"""

from __future__ import annotations

import re
from itertools import product

import pytest

from ops.twin.emulator.logs.filter_pattern import MAX_DEPTH, MAX_PATTERN_LENGTH, PatternError, compile_pattern
from ops.twin.emulator.logs.regular_expression import Expression, ExpressionError
from ops.twin.host.http import http_messages
from ops.twin.host.http.http_messages import BadMessage, Request, RequestParser, ResponseParser

LONG = 100_000
POST = b"POST / HTTP/1.1\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%a*a*a*a*b%", "a" * LONG),
        (f"%{'a?' * 40}{'a' * 40}b%", "a" * LONG),
        ("%[a-z]+[a-z]+[a-z]+[0-9]$%", "a" * LONG),
        ("% +$%", " " * LONG + "x"),
        ("%\\s+\\s+x%", " " * LONG),
        ("%x.*y.*z%", "xy" * (LONG // 2)),
        ('{ $.a = "' + "*a" * 100 + 'b" }', '{"a": "' + "a" * LONG + '"}'),
    ],
)
def test_a_pattern_that_asks_for_endless_tries_is_answered(pattern: str, message: str) -> None:
    assert compile_pattern(pattern)(message) is False


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("%(a+)+$%", "no regular expression"),
        ("%(a|a)*b%", "no regular expression"),
        ("%a{9999}%", "more than 1024 characters"),
        ("%a{900}b{900}%", "more than 1024 characters"),
        ("%\\1%", "no regular expression"),
        ("%é%", "beyond ASCII"),
        ("%a% %b% %c%", "at most 2 regular expressions"),
        ("{ $.a = %x% || $.b = %y% || $.c = %z% }", "at most 2 regular expressions"),
        ("x" * (MAX_PATTERN_LENGTH + 1), "at most 1024 characters"),
        ("{ " + "(" * (MAX_DEPTH + 1) + "$.a = 1" + ")" * (MAX_DEPTH + 1) + " }", "brackets within brackets"),
        ("{ $.a = 1" + " " * LONG + "}", "at most 1024 characters"),
    ],
)
def test_a_pattern_that_aws_or_the_twin_does_not_take_is_refused_in_words(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        compile_pattern(pattern)


PARTS = ("a", "b?", ".*", "[ab]+", "[^a]{1,2}", "\\.", "c{2}", "^a", "b$", "|", "")


@pytest.mark.parametrize("first", PARTS)
def test_an_expression_means_what_python_takes_it_for(first: str) -> None:
    for rest in product(PARTS, repeat=2):
        text = "".join((first, *rest))
        if re.search(r"[^|]\^|\$[^|]", text.replace("[^a]", "x")):  # an anchor within an alternative
            with pytest.raises(ExpressionError):
                Expression(text)
            continue
        ours, theirs = Expression(text), re.compile(text)
        for message in ("", "a", "b", "ab", "ba", ".", "aab.", "cc", "acc", "xaxb", "b.a", "cab"):
            assert ours.search(message) == bool(theirs.search(message)), (text, message)


def received(parser: RequestParser, data: bytes, step: int = 65_536) -> Request | None:
    request = None
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
        request = parser.next_message()
    return request


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (POST + b"X: " + b"a" * http_messages.MAX_HEAD, 431),
        (POST + b"X: " + b"a" * http_messages.MAX_HEAD + b"\r\n\r\n", 431),
        (POST + b"a: b\r\n" * (http_messages.MAX_HEADERS + 1) + b"\r\n", 431),
        (POST + b"Content-Length: 1001\r\n\r\n", 413),
        (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (POST + b"Content-Length: \xb2\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: +1\r\n\r\n", 400),
        (POST + b"Content-Length: 1_0\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (POST + b"Host: a\r\nHost: b\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (CHUNKED + b"3e9\r\n" + b"x" * 1001, 413),
        (CHUNKED + b"1f4\r\n" + b"x" * 500 + b"\r\n1f5\r\n" + b"x" * 501, 413),
        (CHUNKED + b"-5\r\nabc\r\n", 400),
        (CHUNKED + b"0x5\r\nabcde\r\n", 400),
        (CHUNKED + b"1_0\r\n", 400),
        (CHUNKED + b"\r\n", 400),
        (CHUNKED + b"f" * 17 + b"\r\n", 400),
        (CHUNKED + b"1;" + b"x" * LONG, 400),
        (CHUNKED + b"2\r\nabc\r\n", 400),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"3\r\nabc\r\n0\r\n\r\n", 400),
        (b"GET /" + b"a" * http_messages.MAX_HEAD + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/0.9\r\n\r\n", 400),
        (POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 501),
        (CHUNKED + b"0\r\n" + b"a: b\r\n" * 10_000, 400),
        (CHUNKED + b"0\r\n" + b"a" * LONG, 400),
    ],
)
def test_a_message_beyond_its_bounds_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadMessage) as refused:
        received(RequestParser(1000), data)
    assert refused.value.status == status


def test_a_body_in_more_chunks_than_any_client_sends_is_refused() -> None:
    with pytest.raises(BadMessage, match="chunks"):
        received(RequestParser(1 << 30), CHUNKED + b"1\r\nx\r\n" * (http_messages.MAX_CHUNKS + 1))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 65_536])
def test_what_is_within_them_is_read_in_pieces_of_any_size(step: int) -> None:
    chunked = CHUNKED + b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n"
    plain = POST + b"Content-Length: 4\r\nX-Name:  value \r\n\r\nbody"
    parser = RequestParser(1000)
    first = received(parser, chunked, step)
    assert first is not None
    assert (first.method, first.path, first.headers) == ("POST", "/", {"transfer-encoding": "chunked"})
    assert first.body == b"abc0123456789"
    assert not parser.receiving
    second = received(parser, plain, step)
    assert second is not None
    assert (second.method, second.path, second.body) == ("POST", "/", b"body")
    assert second.headers == {"content-length": "4", "x-name": "value"}
    assert parser.pending_bytes == 0


def test_a_long_head_is_looked_at_once_however_small_its_pieces_are() -> None:
    parser = RequestParser(1000)
    value = b"a" * (http_messages.MAX_HEAD - 100)
    message = received(parser, POST + b"Cause: " + value + b"\r\n\r\n", 64)
    assert message is not None
    assert message.headers == {"cause": value.decode()}


@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_requests_that_follow_at_once_are_read_one_by_one(step: int) -> None:
    parser = RequestParser(1000)
    trailed = CHUNKED + b"3\r\nabc\r\n0\r\nX-Trailer: late\r\n\r\n"
    data = trailed + POST + b"Content-Length: 2\r\n\r\nde" + b"GET /next?a=b HTTP/1.1\r\n\r\n" + b"no HTTP\r\n\r\n"
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
    requests = [parser.next_message() for _ in range(3)]
    assert [(it.method, it.path, it.body) for it in requests if it] == [
        ("POST", "/", b"abc"),
        ("POST", "/", b"de"),
        ("GET", "/next?a=b", b""),
    ]
    assert [sorted(it.headers) for it in requests if it] == [["transfer-encoding"], ["content-length"], []]
    with pytest.raises(BadMessage) as refused:  # what is wrong comes up behind what is right
        parser.next_message()
    assert refused.value.status == 400


def test_requests_that_no_one_takes_count_for_more_than_their_bytes() -> None:
    parser = RequestParser(1000)
    parser.feed(b"GET / HTTP/1.1\r\n\r\n" * 100)
    assert parser.pending_bytes >= 100 * http_messages.MESSAGE_OVERHEAD


@pytest.mark.parametrize(
    ("data", "status", "body", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
        (b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 202, b"ok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 200, b"", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", 200, b"", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n!", 500, b"!", True),
    ],
)
@pytest.mark.parametrize("step", [1, 65_536])
def test_a_response_is_complete_with_its_body(data: bytes, status: int, body: bytes, reusable: bool, step: int) -> None:
    parser = ResponseParser(1000)
    for start in range(0, len(data), step):
        assert parser.next_message() is None
        parser.feed(data[start : start + step])
    response = parser.next_message()
    assert response is not None
    assert (response.status, response.body, response.reusable) == (status, body, reusable)


def test_a_response_over_its_bound_is_refused() -> None:
    parser = ResponseParser(1000)
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
    with pytest.raises(BadMessage):
        parser.next_message()
