"""CSV for a spreadsheet: every cell is text and short enough, whatever a message holds."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ops.deadletters import csv_safe
from ops.deadletters.archive import exports
from ops.deadletters.messages.model import Cause
from ops.deadletters.snapshot import Snapshot
from tests.fakes.dlq_world import World
from tests.ops.deadletters.archive.exported import ALL, store_messages, strange_messages


def test_csv_for_a_spreadsheet(world: World, tmp_path: Path) -> None:
    letters = strange_messages()
    store_messages(world, *letters)
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes([("m-formula", Cause("@SUM(A1)", "+1", "x.py:1 f", "handler log", fingerprint="f1"))])
    path = tmp_path / "letters.csv"
    exports.export_messages(world.source, ALL, path, "csv")
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    csv.field_size_limit(2_000_000)
    rows = {row["message_id"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))}
    assert set(rows) == {message.message_id for message in letters}
    one = rows["m-formula"]
    assert (one["body"], one["error_type"], one["error_message"]) == ("'=1+1", "'@SUM(A1)", "'+1")
    assert one["sent"] == "2026-11-23T19:00:00.000+00:00"
    assert rows["m-large"]["body"].endswith("… (1,048,576 characters)")
    assert rows["m-escapes"]["body"] == "\\x1b]0;x\\x07\\u202e"
    assert all(len(cell) <= exports.CELL_LIMIT for row in rows.values() for cell in row.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\\r=1"),
        ("  =1", "'  =1"),
        ("'=1", "''=1"),
        ('"=1', "'\"=1"),
        ("\ufeff=1", "'\\ufeff=1"),
        ("＝1", "'＝1"),
        ("|cmd", "'|cmd"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-5, "-5"),
        ("a\x00\x1b\ud800", "a\\x00\\x1b\\ud800"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_a_cell_stays_text(text: object, shown: str) -> None:
    assert csv_safe.safe_cell(text) == shown
