"""Data by name: S3 and the mount, CSV and JSON. Each through ``sources.reader`` and ``Table.from_bytes``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handler import contract, data_sources, errors
from handler.aws import AwsError, Client
from handler.jobs import memory_limits
from handler.jobs.table import Table
from tests.fakes.handler_aws import FakeAws

Read = Callable[[str], bytes]


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    mount = tmp_path / "mount"
    (mount / "tables").mkdir(parents=True)
    (mount / "tables" / "t.csv").write_text("a,b\n1,x\n")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    monkeypatch.setenv(contract.ENV_DATA_MOUNT, str(mount))
    return mount


@pytest.fixture
def read(aws: FakeAws) -> Iterator[Read]:
    client = Client(sleep=lambda _: None)
    yield data_sources.reader(client)
    client.close()


def test_a_file_under_the_mount_is_read(read: Read, mount: Path) -> None:
    assert read(f"{mount}/tables/t.csv") == b"a,b\n1,x\n"
    assert read(f"{mount}/tables/../tables/t.csv") == b"a,b\n1,x\n"
    (mount / "link.csv").symlink_to(mount / "tables" / "t.csv")
    assert read(f"{mount}/link.csv") == b"a,b\n1,x\n"


@pytest.mark.parametrize(
    "name",
    ["{mount}/../secret.csv", "/etc/passwd", "/proc/self/environ", "{mount}", "{mount}/out/secret.csv", "{mount}-b/x"],
)
def test_a_path_that_leaves_the_mount_is_refused(read: Read, mount: Path, name: str) -> None:
    (mount / "out").symlink_to(mount.parent)
    (mount.parent / "mount-b").mkdir()
    (mount.parent / "mount-b" / "x").write_text("a")
    with pytest.raises((errors.PathOutsideMount, errors.DataNotFound)):
        read(name.format(mount=mount))


def test_a_file_that_cannot_be_read(read: Read, mount: Path) -> None:
    with pytest.raises(errors.DataNotFound):
        read(f"{mount}/none.csv")
    with pytest.raises(errors.DataNotFound):
        read(f"{mount}/tables/t.csv/x")
    (mount / "loop").symlink_to(mount / "loop")
    with pytest.raises(errors.Rejected):
        read(f"{mount}/loop")
    for name in ("relative.csv", "", f"{mount}/\0", "s3://inputs/\ud800", "s3://inputs/a\nb"):
        with pytest.raises(errors.WrongSchema):
            read(name)


def test_a_pipe_on_the_mount_is_no_data_and_does_not_hang(read: Read, mount: Path) -> None:
    os.mkfifo(mount / "pipe.csv")
    with pytest.raises(errors.DataNotFound, match="not a file"):
        read(f"{mount}/pipe.csv")


def test_a_file_that_is_too_large_is_refused(read: Read, mount: Path) -> None:
    with (mount / "large.csv").open("wb") as file:
        file.truncate(memory_limits.max_object_bytes() + 1)
    with pytest.raises(errors.TableTooLarge):
        read(f"{mount}/large.csv")


def test_objects(read: Read, aws: FakeAws) -> None:
    aws.objects["inputs", "a/b.csv"] = b"a\n1\n"
    aws.denied.add("secrets")
    assert read("s3://inputs/a/b.csv") == b"a\n1\n"
    for name, error in [
        ("s3://inputs/none.csv", errors.DataNotFound),
        ("s3://secrets/x.csv", errors.DataDenied),
        ("s3://inputs", errors.WrongSchema),
        ("s3:///key", errors.WrongSchema),
    ]:
        with pytest.raises(error):
            read(name)


@pytest.mark.parametrize(
    "bucket", ["localhost:{port}#", "x@localhost:{port}#", "A", "ab", "a_b", "[::1]", "a" * 64, "-ab"]
)
def test_a_name_that_is_no_buckets_reaches_no_one(
    read: Read, aws: FakeAws, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")  # a bucket's name is a part of its address only on the real AWS
    with pytest.raises(errors.WrongSchema, match="not s3://bucket/key"):
        read(f"s3://{bucket.format(port=aws.url.rpartition(':')[2])}/key")
    assert aws.connections == 0


def test_an_object_too_large_is_refused_by_its_length(read: Read, aws: FakeAws) -> None:
    aws.objects["inputs", "large.csv"] = bytes(memory_limits.max_object_bytes() + 1)
    with pytest.raises(errors.TableTooLarge):
        read("s3://inputs/large.csv")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "KeyTooLongError"),
        (400, "InvalidBucketName"),
        (301, "PermanentRedirect"),
        (400, "AuthorizationHeaderMalformed"),
    ],
)
def test_what_can_never_be_there_is_not_asked_for_again(read: Read, aws: FakeAws, status: int, code: str) -> None:
    aws.fail("GetObject", status, code)
    with pytest.raises(errors.DataNotFound, match=code):
        read("s3://inputs/a.csv")


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (403, "ExpiredToken"), (403, "RequestTimeTooSkewed")]
)
def test_what_may_pass_is_not_the_jobs_fault(read: Read, aws: FakeAws, status: int, code: str) -> None:
    aws.fail("GetObject", status, code)
    with pytest.raises(AwsError):
        read("s3://inputs/a.csv")


def columns(name: str, content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = Table.from_bytes(name, content).to_document()["columns"]
    return found


def test_csv_is_numbers_and_text_with_what_is_missing() -> None:
    content = '\ufeffa,b,"c, d"\r\n1,x,"say ""hi"""\r\n,NA,\r\n-2.5e1, y ,nan\r\n\r\n'.encode()
    assert columns("t.CSV", content) == {
        "a": [1, None, -25], "b": ["x", None, "y"], "c, d": ['say "hi"', None, None],
    }  # fmt: skip


def test_csv_of_a_header_alone_has_no_rows() -> None:
    assert columns("t.csv", b"a,b\n") == {"a": [], "b": []}


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"a,a\n1,2\n", b"a,\n1,2\n", b"a,b\n1\n", b"a,b\n1,2,3\n", b'a\n"open\n', b"\xff\xfe", b'a\n"x"y\n'],
)
def test_csv_that_is_none(content: bytes) -> None:
    with pytest.raises(errors.UnusableData):
        Table.from_bytes("t.csv", content)


def test_csv_lines_end_where_csv_says_so() -> None:
    content = 'a,b\rx\u2028y\x1cz,1\n"two\r\nlines",2\r\n'.encode()
    assert columns("t.csv", content) == {"a": ["x\u2028y\x1cz", "two\r\nlines"], "b": [1, 2]}


def test_csv_that_turns_out_to_be_text_is_kept_as_it_was_written() -> None:
    assert columns("t.csv", b"a,b\n1.50,1\n2,inf\nx,3\n") == {"a": ["1.50", "2", "x"], "b": [1, None, 3]}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest function that Lambda has."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"a\n" + b"1\n" * 300_000),
        ("t.json", b'{"columns": {"a": [' + b"[]," * 300_000 + b"1]}}"),
        ("t.json", b'{"columns": {"a": [' + b"1," * 500_000 + b"1]}}"),
    ],
)
def test_a_small_file_that_would_need_too_much_memory_is_refused(name: str, content: bytes) -> None:
    assert len(content) < memory_limits.max_object_bytes()
    with pytest.raises(errors.TableTooLarge, match="128 MB of memory"):
        Table.from_bytes(name, content)


def test_a_row_that_does_not_end_is_refused() -> None:
    for content in (b"," * 2_000_000, b"a\n" + b'"\n",' * 500_000):
        with pytest.raises(errors.UnusableData, match="a row is longer"):
            Table.from_bytes("t.csv", content)


def test_json_is_the_inline_form() -> None:
    content = b'{"columns": {"a": [1, true, null, NaN, -Infinity], "b": ["x", 1, null, 2.5, false]}}'
    assert columns("t.json", content) == {"a": [1, 1, None, None, None], "b": ["x", "1", None, "2.5", "False"]}


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_json_that_is_none(content: bytes) -> None:
    with pytest.raises(errors.UnusableData):
        Table.from_bytes("t.json", content)


@pytest.mark.parametrize("content", [b"[]", b'{"rows": []}', b'{"columns": []}', b'{"columns": {"a": 1}}'])
def test_json_of_another_form(content: bytes) -> None:
    with pytest.raises(errors.WrongSchema):
        Table.from_bytes("t.json", content)


def test_numbers_keep_every_bit() -> None:
    given = np.random.default_rng(0).normal(size=100)
    document = Table({"a": given}).to_document()
    assert Table.from_document(document).columns["a"].tobytes() == given.tobytes()
