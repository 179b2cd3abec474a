"""Ways in which a file may be damaged: its bytes, something else in its place, and rows of a database."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

Damage = Callable[[Path], None]


def _bytes(change: Callable[[bytes], bytes]) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return damage


def flipped(number: int, seed: int) -> Damage:
    chance = random.Random(seed)

    def flip(data: bytes) -> bytes:
        found = bytearray(data)
        for _ in range(number if found else 0):
            found[chance.randrange(len(found))] = chance.randrange(256)
        return bytes(found)

    return _bytes(flip)


def _instead(make: Callable[[Path], None]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink(missing_ok=True)
        make(path)

    return damage


def rows(*statements: str) -> Damage:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db, db:
            for statement in statements:
                db.execute(statement)

    return damage


def settle(path: Path) -> None:
    """What is still in a database's log goes into its file, so that damage to that is all that is left of it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


OF_ANY: Mapping[str, Damage] = {
    "empty": _bytes(lambda _: b""),
    "half": _bytes(lambda data: data[: len(data) // 2]),
    "zeros": _bytes(lambda data: b"\0" * len(data)),
    "random bytes": _bytes(lambda _: random.Random(7).randbytes(5_000)),
    "null": _bytes(lambda _: b"null"),
    "list": _bytes(lambda _: b"[]"),
    "nested": _bytes(lambda _: b"[" * 100_000),
    "infinite": _bytes(lambda data: data.replace(b": 1", b": 1e999").replace(b": 2", b": -1e999")),
    "a folder": _instead(Path.mkdir),
    "a named pipe": _instead(os.mkfifo),
    "a device": _instead(lambda path: path.symlink_to("/dev/zero")),
    "a loop": _instead(lambda path: path.symlink_to(path)),
    **{f"{number} bytes flipped": flipped(number, number) for number in (1, 3, 20, 300)},
}

OF_LEDGER: Mapping[str, Damage] = {
    name: rows(statement)
    for name, statement in {
        "state of another type": "UPDATE run SET value = '[]' WHERE key = 'state'",
        "unknown state": "UPDATE run SET value = '\"odd\"' WHERE key = 'state'",
        "planned as text": "UPDATE run SET value = '\"x\"' WHERE key = 'planned'",
        "planned infinite": "UPDATE run SET value = '1e999' WHERE key = 'planned'",
        "rate infinite": "INSERT OR REPLACE INTO run VALUES ('rate', '1e999')",
        "no facts": "DELETE FROM run",
        "no letters": "DELETE FROM letters",
        "some letters": "DELETE FROM letters WHERE number < 2",
        "letters of another plan": "UPDATE letters SET id = 'x' || number",
        "letters without order": "UPDATE letters SET number = number + 1000",
        "state beyond the known ones": "UPDATE letters SET state = 99",
        "state as text": "UPDATE letters SET state = 'sent'",
        "sent at no time": "UPDATE letters SET sent_at = 'x' WHERE sent_at IS NOT NULL",
        "sent beyond the calendar": "UPDATE letters SET sent_at = 1e300 WHERE sent_at IS NOT NULL",
        "facts cut": "UPDATE run SET value = '{'",
        "facts nested": "UPDATE run SET value = printf('%.*c', 100000, '[') WHERE key = 'said'",
        "no steps": "DROP TABLE steps",
        "steps as text": "INSERT OR REPLACE INTO steps VALUES (1, 'x', 5)",
        "another version": "PRAGMA user_version = 99",
        "no plan": "UPDATE run SET value = '{}' WHERE key = 'plan'",
        "began in year 1": "UPDATE run SET value = '\"0001-01-01T00:00:00+23:59\"' WHERE key = 'began'",
        "began without a zone": "UPDATE run SET value = '\"2026-01-01T00:00:00\"' WHERE key = 'began'",
        "began at no time": "UPDATE run SET value = '\"x\"' WHERE key = 'began'",
        "fewer than none": "UPDATE tally SET letters = -5",
        "counts beyond all bounds": "UPDATE tally SET letters = 9223372036854775807",
        "reason as bytes": "UPDATE run SET value = x'ff00fe' WHERE key = 'reason'",
    }.items()
}

OF_SNAPSHOT: Mapping[str, Damage] = {
    name: rows(statement)
    for name, statement in {
        "unknown place": "UPDATE letters SET place = 'odd'",
        "unknown kind": "UPDATE letters SET kind = 'odd'",
        "sent beyond the calendar": "UPDATE letters SET sent = 9999999999999999",
        "sent at no time": "UPDATE letters SET sent = 'x'",
        "attributes cut": "UPDATE contents SET attributes = '['",
        "attributes as numbers": 'UPDATE contents SET attributes = \'{"a":5}\', types = \'{"a":"String"}\'',
        "attributes without types": "UPDATE contents SET types = '{}', attributes = '{\"a\":\"b\"}'",
        "system is null": "UPDATE contents SET system = 'null'",
        "system as numbers": "UPDATE contents SET system = '{\"SentTimestamp\":5}'",
        "notes cut": "UPDATE notes SET value = '{'",
        "notes of another type": "UPDATE notes SET value = '[5]'",
        "bodies that are not text": "UPDATE contents SET body = x'ff00fe'",
        "bodies as numbers": "UPDATE contents SET body = 5",
        "no bodies": "DELETE FROM contents",
        "failed beyond the calendar": "UPDATE letters SET died = 9223372036854775807",
        "causes as bytes": "UPDATE letters SET error_type = x'ff00', label = x'ff00'",
        "another version": "PRAGMA user_version = 99",
        "reports cut": "UPDATE looks SET report = '['",
        "reports of another type": 'UPDATE looks SET report = \'{"letters":"x","notes":[5]}\'',
        "receipts of nobody": "UPDATE letters SET receipt = 'x', leased_until = 'abc'",
        "receives as text": "UPDATE letters SET receives = 'x'",
        "no looks": "DROP TABLE looks",
        "no letters": "DROP TABLE letters",
    }.items()
}


def _after(data: bytes, line: bytes) -> bytes:
    return data + line + b"\n"


OF_AUDIT: Mapping[str, Damage] = {
    "a line of something else": _bytes(lambda data: _after(data, b'{"x": 1}')),
    "a nested line": _bytes(lambda data: _after(data, b"[" * 50_000)),
    "an endless number": _bytes(lambda data: data.replace(b'"counts": {', b'"counts": {"n": ' + b"9" * 5_000 + b", ")),
    "an infinite count": _bytes(lambda data: data.replace(b'"planned": ', b'"planned": 1e999, "n": ')),
    "counts as a list": _bytes(lambda data: data.replace(b'"counts": {}', b'"counts": []')),
    "year 1": _bytes(lambda data: data.replace(b'"at": "2', b'"at": "0')),
    "beyond the calendar": _bytes(
        lambda data: data.replace(b'+00:00"', b'-23:59"').replace(b'"at": "2026', b'"at": "9999')
    ),
    "other line ends": _bytes(lambda data: data.replace(b"\n", b"\r\n")),
    "no last line end": _bytes(lambda data: data[:-1]),
}
