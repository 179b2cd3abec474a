"""Start-up: what is checked first, what is reported when it fails, and who is let in."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from ops.errors import TwinError
from ops.twin import processes
from ops.twin.emulator import patching, settings
from ops.twin.emulator.patch import Patch
from tests.ops.twin.emulator.conftest import KEYS, REPOSITORY, Emulator, environment


def start(environ: dict[str, str]) -> str:
    """Run until it gives up; what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "ops.twin.emulator"],
        env=environ,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = start(environment(tmp_path, port))
    assert said.startswith(f"The emulator cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in said


def test_missing_keys_are_one_sentence(tmp_path: Path) -> None:
    environ = environment(tmp_path, processes.free_port())
    del environ["AWS_SECRET_ACCESS_KEY"]
    said = start(environ)
    assert said.startswith("AWS_SECRET_ACCESS_KEY is not set")
    assert said.count("\n") == 1


@pytest.mark.parametrize("value", ["soon", "0", "-1"])
def test_a_nonsense_period_is_refused(value: str) -> None:
    with pytest.raises(TwinError, match="OPS_TWIN_PERIOD"):
        settings.read({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "OPS_TWIN_PERIOD": value})


def test_another_version_of_ministack_is_refused() -> None:
    with pytest.raises(TwinError, match=r"MiniStack 9\.9\.9 is installed, but the twin is built on 1\.5\.33"):
        patching.install([], version="9.9.9")


def test_a_missing_name_is_refused_before_anything_changes() -> None:
    from ministack.core import arn

    original = arn.parse_arn
    good = Patch("core.arn", "parse_arn", lambda _: None, "x")
    gone = Patch("core.arn", "parse_nothing", lambda _: None, "something AWS does")
    with pytest.raises(
        TwinError, match=r"has no core\.arn\.parse_nothing, which the twin replaces \(something AWS does\)"
    ):
        patching.install([good, gone])
    assert arn.parse_arn is original


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (("test", "test"), "InvalidClientTokenId"),
        (("000000000000", "x"), "InvalidClientTokenId"),
        ((KEYS[0], "wrong"), "SignatureDoesNotMatch"),
    ],
)
def test_only_the_administrators_key_and_secret_are_let_in(
    emulator: Emulator, keys: tuple[str, str], code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        emulator.client("sqs", keys).list_queues()


@pytest.mark.parametrize("header", [("Origin", "https://example.com"), ("Sec-Fetch-Site", "cross-site")])
def test_web_pages_are_refused(emulator: Emulator, header: tuple[str, str]) -> None:
    address = f"{emulator.url}/_ministack/reset"
    request = urllib.request.Request(address, method="POST", headers=dict([header]))  # noqa: S310 (our own address)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=60)  # noqa: S310 (our own address)


def test_it_listens_on_loopback_only_and_keeps_its_files_in_the_twins_folder(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])
    local = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"]
    ours = [address for address in local if int(address.split(":")[1], 16) == port]
    assert ours == [f"0100007F:{port:04X}"]
    shared = Path(tempfile.gettempdir())  # where plain MiniStack leaves its files
    assert not list(shared.glob(f"ministack*{port}*"))
