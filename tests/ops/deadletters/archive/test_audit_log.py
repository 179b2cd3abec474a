"""The audit file: added to, never changed, and a change is found."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.deadletters.archive import audit_log
from ops.deadletters.archive.audit_log import Record
from ops.errors import OpsError, UsageError

RECORD = Record(
    at=datetime(2026, 11, 24, 4, 0, tzinfo=UTC),
    who="arn:aws:iam::123456789012:user/ada",
    account="123456789012",
    region="eu-west-1",
    action="redrive",
    queue="jobs-dlq",
    reason="alpha fixed, OPS-7",
    plan="20261124T035900-1a2b",
    plan_hash="ab" * 32,
    counts={"planned": 60, "sent": 60},
    outcome="done",
)


def fill(home: Path, number: int) -> None:
    for index in range(number):
        audit_log.append_record(home, replace(RECORD, note=f"n{index}"))


def test_what_was_appended_is_read_newest_first(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"
    assert audit_log.read_records(home) == ()
    assert audit_log.verify_records(home) == audit_log.Verification(0, ())
    fill(home, 3)
    assert [record.note for record in audit_log.read_records(home)] == ["n2", "n1", "n0"]
    assert audit_log.read_records(home, 1) == (replace(RECORD, note="n2"),)
    assert audit_log.verify_records(home) == audit_log.Verification(3, ())
    assert (home / audit_log.FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_required(tmp_path: Path, reason: str) -> None:
    with pytest.raises(UsageError, match="reason is required"):
        audit_log.append_record(tmp_path, replace(RECORD, reason=reason))
    assert not (tmp_path / audit_log.FILE).exists()
    assert audit_log.require_reason(" why ") == "why"


def test_a_line_changed_taken_out_or_put_in_is_found(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    path = tmp_path / audit_log.FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1].replace("ada", "eve"), *lines[2:]]))
    assert audit_log.verify_records(tmp_path).problems == (
        "Line 3 does not follow from the one before it: a record was changed or removed.",
    )
    path.write_text("".join([lines[0], *lines[2:]]))
    assert len(audit_log.verify_records(tmp_path).problems) == 1
    path.write_text("".join([*lines[:2], lines[0], *lines[2:]]))
    assert len(audit_log.verify_records(tmp_path).problems) == 2
    path.write_text("".join(lines[1:]))
    assert audit_log.verify_records(tmp_path).problems[0].startswith("Line 1 ")


def test_a_half_written_line_harms_none_after_it(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    path = tmp_path / audit_log.FILE
    with path.open("ab") as stream:
        stream.write(b'{"at": "2026')
    fill(tmp_path, 1)
    assert [record.note for record in audit_log.read_records(tmp_path)] == ["n0", "n1", "n0"]
    assert audit_log.verify_records(tmp_path) == audit_log.Verification(
        4, ("Line 3 is not a valid record: it is incomplete or damaged.",)
    )


@pytest.mark.parametrize("line", ["[]", "{}", '"x"', "\udcff", '{"at": 5}', "[" * 100_000, ""])
def test_lines_that_are_no_records_are_left_out(tmp_path: Path, line: str) -> None:
    fill(tmp_path, 1)
    with (tmp_path / audit_log.FILE).open("ab") as stream:
        stream.write(line.encode("utf-8", "surrogateescape") + b"\n")
    fill(tmp_path, 1)
    assert len(audit_log.read_records(tmp_path)) == 2
    assert audit_log.verify_records(tmp_path).problems == (
        "Line 2 is not a valid record: it is incomplete or damaged.",
    )


def test_lines_longer_than_a_block(tmp_path: Path) -> None:
    audit_log.append_record(tmp_path, replace(RECORD, note="x" * 200_000))
    fill(tmp_path, 2)
    assert audit_log.verify_records(tmp_path) == audit_log.Verification(3, ())


def test_many_write_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: fill(tmp_path, 5), range(8)))
    assert audit_log.verify_records(tmp_path) == audit_log.Verification(40, ())


def test_an_unwritable_home_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(OpsError, match="cannot be used") as caught:
        audit_log.append_record(tmp_path / "home", RECORD)
    assert caught.value.next_step
    (tmp_path / audit_log.FILE).mkdir()
    with pytest.raises(OpsError, match="cannot be used"):
        audit_log.read_records(tmp_path)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from ops.deadletters.archive import audit_log
from ops.errors import OpsError
from tests.ops.deadletters.archive.test_audit_log import RECORD, fill
home = Path(sys.argv[1])
fill(home, 2)
size = (home / audit_log.FILE).stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
try:
    audit_log.append_record(home, RECORD)
except OpsError as error:
    print(error)
"""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert child.stdout.startswith("The disk is full"), child.stdout
    assert audit_log.verify_records(tmp_path) == audit_log.Verification(2, ())


def test_csv_is_for_people_and_harmless(tmp_path: Path) -> None:
    audit_log.append_record(tmp_path, replace(RECORD, reason='=HYPERLINK("http://x")', note="\x1b[2J"))
    rows = list(csv.reader(io.StringIO(audit_log.records_csv(audit_log.read_records(tmp_path)))))
    assert rows[0] == list(audit_log.COLUMNS)
    told = dict(zip(*rows, strict=True))
    assert told["reason"] == '\'=HYPERLINK("http://x")'
    assert told["note"] == "\\x1b[2J"
    assert told["counts"] == "planned 60, sent 60"


def test_each_line_is_plain_json(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    entry = json.loads((tmp_path / audit_log.FILE).read_text())
    assert entry["who"] == RECORD.who
    assert entry["before"] == audit_log.FIRST_HASH
