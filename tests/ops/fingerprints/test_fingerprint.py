"""Which errors are the same, and what the messages of a cause share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ops.fingerprints.fingerprint import common_label, fingerprint, normalize_message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no job of kind 'a'", "no job of kind 'b c'"),
        ("took 1.5 s", "took 20 s"),
        ("id 6d68ca91-49c9-448d-89b8-7ca3e6dc66aa", "id deddfc5f-b8f2-4a47-abc9-591798990184"),
        ("s3://a/b is gone", "s3://c/d/e.csv is gone"),
        ("/var/task/x.py failed", "/opt/y/z.py failed"),
        ("bob@example.com is no customer", "al.ice+1@mail.example.org is no customer"),
        ("due 2026-11-24T04:00:00Z", "due 2025-01-01 00:00:00.123"),
        ("object at 0x7f00dead", "object at 0x1"),
        (
            "token aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8= refused",
            "token Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6 refused",
        ),
        ("missing: ['a']", "missing: ['a', 'b', 'c']"),
        ('{"code": 1} refused', '{"code": 1, "why": "x"} refused'),
        ("job t65f3a-000012", "job t99999-001234"),
        ("two\n  lines", "two lines"),
        (
            "no JSON: Expecting ':' delimiter: line 1 column 14 (char 13)",
            "no JSON: Extra data: line 2 column 13 (char 14)",
        ),
        ("no JSON: Expecting value: line 1 column 1 (char 0)", "no JSON: Extra data: line 2 column 13 (char 14)"),
        ("Unexpected token < in JSON at position 0", "Unexpected end of JSON input"),
    ],
)
def test_what_changes_does_not_make_another_cause(one: str, other: str) -> None:
    assert normalize_message(one) == normalize_message(other)
    assert fingerprint("E", one, "a.py:3 f") == fingerprint("E", other, "a.py:99 f"), "line numbers change by deploys"
    assert fingerprint("E", one) != fingerprint("E", "something else")
    assert fingerprint("E", one) != fingerprint("Other", one)
    assert fingerprint("E", one, "a.py:3 f") != fingerprint("E", one, "a.py:3 g")


def test_words_stay() -> None:
    assert normalize_message("can't open the user's file and/or folder: Rate exceeded") == (
        "can't open the user's file and/or folder: Rate exceeded"
    )


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = "from ops.fingerprints.fingerprint import fingerprint as f; print(f('KeyError', 'no 7', 'a.py:1 f'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mark = fingerprint("KeyError", "no 7", "a.py:1 f")
    assert other.stdout.strip() == mark
    assert len(mark) == 10 and set(mark) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "message", ["\ud800 alone", "x" * 1_000_000, "'" * 5_000, "(" * 5_000, "\x00\x1b[31m", "1" * 9_999]
)
def test_any_message_has_a_fingerprint(message: str) -> None:
    assert len(fingerprint("E", message)) == 10
    assert len(common_label([message, message + "x"])) <= 600


@pytest.mark.parametrize(
    ("messages", "shared"),
    [
        (["no job of kind 'a'"] * 3, "no job of kind 'a'"),
        (["no job of kind 'a'", "no job of kind 'b c'"], "no job of kind '…'"),
        (["s3://b/lost-12.csv is gone", "s3://b/lost-19.csv is gone"], "s3://b/lost-….csv is gone"),
        (["s3://b/a is gone", "s3://b/aa is gone"], "s3://b/… is gone"),
        (["2.98 GiB for (20000, 7)", "2.18 GiB for (20000, 7)"], "… GiB for (20000, 7)"),
        (["row 7 of 's'", "row 12 of 's'"], "row … of 's'"),
        (["missing: ['a']", "missing: ['a', 'b']"], "missing: […]"),
        (["s3://b/lost-….csv is gone", "s3://b/lost-7.csv is gone"], "s3://b/lost-….csv is gone"),
        (["Expecting value: line 1 column 1 (char 0)", "Extra data: line 1 column 2 (char 1)"], "…"),
        (["bob@a.com is new", "eve@a.com is new"], "…@a.com is new"),
        (["job 'alpha1' lost", "job 'alps2' lost"], "job '…' lost"),
        (
            ["Expecting value: line 1 column 1 (char 0)", "Expecting ',' delimiter: line 1 column 14 (char 13)"],
            "Expecting …",
        ),
        (
            [
                "no JSON: Expecting value: line 1 column 1 (char 0)",
                "no JSON: Expecting ',' delimiter: line 2 column 13 (char 14)",
            ],
            "no JSON: Expecting …",
        ),
        (["row contains (1, a)", "row contains (2, a)"], "row contains (…, a)"),
        (["got 'a (x) b'", "got 'a (y) b'"], "got 'a (…) b'"),
        (["got 'a (x)'", "got 'a (y'"], "got 'a …'"),
        (["got 'x) a'", "got '(y) a'"], "got '… a'"),
        (["got 'a [x'", "got 'a [y]'"], "got 'a …'"),
        (["got '[x] [a]'", "got '[y] [a]'"], "got '[…] [a]'"),
        (['got "it\'s a"', 'got "it\'s b"'], 'got "it\'s …"'),
        (["gone", "gone "], "gone"),
        (["", ""], ""),
    ],
)
def test_what_the_messages_of_a_cause_share(messages: list[str], shared: str) -> None:
    assert common_label(messages) == shared
