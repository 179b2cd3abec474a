"""``OPS_TWIN_DIR`` may name any folder: only the twin's own files in the twin's own folder are ever touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import TwinError, UsageError
from ops.files import atomic_file
from ops.twin import demo, lifecycle, ownership, processes, state_file
from ops.twin.emulator import settings as emulator_settings
from ops.twin.host.settings import HostSettings
from ops.twin_state import TwinState

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "OPS_TWIN_TOKEN": "c"}
NOT_RUNNING = TwinState("http://127.0.0.1:9", "http://127.0.0.1:9", "r", "0", "a", "b", "s", 10, "now")
BEGINNINGS: dict[str, Callable[[], object]] = {
    "up": lifecycle.up,
    "down": lifecycle.down,
    "demo": lambda: demo.run(lambda _line: None, 8501, 1.0),
    "a process": lambda: processes.start("host", ["true"], {}, bound=False),
    "the state file": lambda: state_file.write(NOT_RUNNING),
    "the emulator alone": lambda: emulator_settings.read(dict(KEYS)),
    "the Lambda host alone": lambda: HostSettings.from_environment(KEYS),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "folder"
    monkeypatch.setenv("OPS_TWIN_DIR", str(path))
    return path


def fill(folder: Path, *names: str) -> None:
    """Files and, where a name ends with a slash, folders with a file in them."""
    for name in names:
        path = folder / name / ("chapter.tex" if name.endswith("/") else "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
@pytest.mark.parametrize(
    "names",
    [
        ("thesis/", "notes.txt"),
        ("image/",),
        ("ops/", "tmp/", "mnt/"),
        ("lock",),
        ("host.log", "emulator.log", "lock"),
        ("state.json",),
        (".git/",),
    ],
    ids="+".join,
)
def test_a_folder_of_others_is_refused_and_stays_as_it_is(
    folder: Path, names: tuple[str, ...], begin: Callable[[], object]
) -> None:
    fill(folder, *names)
    before = content(folder)
    with pytest.raises(TwinError, match="is not the twin's folder: there is ") as refused:
        begin()
    assert str(folder) in str(refused.value)
    assert sorted(names)[0].rstrip("/") in str(refused.value)
    assert refused.value.next_step == "Set OPS_TWIN_DIR to a new or empty folder."
    assert content(folder) == before


def test_a_lock_file_of_others_beside_an_empty_one_of_ours_is_no_mark(folder: Path) -> None:
    fill(folder, "thesis/")
    (folder / "lock").touch()
    with pytest.raises(TwinError, match="there is lock, thesis in it"):
        lifecycle.down()
    assert content(folder) == {"lock": "", "thesis/chapter.tex": "mine"}


def test_many_names_are_counted(folder: Path) -> None:
    fill(folder, *(f"chapter{number}" for number in range(9)))
    with pytest.raises(TwinError, match="there is chapter0, chapter1, chapter2 and 6 more in it"):
        lifecycle.down()


@pytest.mark.parametrize("there", [False, True])
def test_a_new_or_empty_folder_becomes_the_twins_for_its_owner_only(folder: Path, there: bool) -> None:
    if there:
        folder.mkdir(mode=0o755)
    assert lifecycle.down() is False
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [("lock", 0o600)]
    assert lifecycle.down() is False


def test_only_what_the_twin_makes_is_deleted_in_its_own_folder(folder: Path) -> None:
    state_file.make_folder()
    ours = ["state.json", "host.pid", "traces.jsonl", "traces.1.jsonl", "image/", "emulator/", "mnt/", "ops/", "tmp/"]
    fill(folder, *ours, "host.log", "notes.txt", "thesis/", "image.bak/")
    lifecycle.down()
    kept = {"host.log", "notes.txt", "thesis/chapter.tex", "image.bak/chapter.tex"}
    assert content(folder).keys() == kept | {ownership.LOCK}


def test_no_link_is_followed_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    fill(elsewhere, "thesis/", "notes.txt")
    state_file.make_folder()
    (folder / "mnt").mkdir()
    for link in ("image", "mnt/data", "state.json"):
        (folder / link).symlink_to(elsewhere / "thesis")
    (folder / "host.pid").symlink_to(elsewhere / "notes.txt")
    lifecycle.down()
    assert content(elsewhere) == {"thesis/chapter.tex": "mine", "notes.txt": "mine"}
    assert {path.name for path in folder.iterdir()} == {ownership.LOCK}


@pytest.mark.parametrize("name", ["host.log", "host.pid"])
def test_a_log_is_not_written_through_a_link(folder: Path, tmp_path: Path, name: str) -> None:
    fill(tmp_path, "notes.txt")
    state_file.make_folder()
    (folder / name).symlink_to(tmp_path / "notes.txt")
    with pytest.raises(TwinError, match="cannot be used"):
        processes.start("host", ["true"], {}, bound=False)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_is_mounted_in_the_folder_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state_file.make_folder()
    fill(folder, "mnt/data/", "image/")
    table = f"36 35 98:0 / {str(folder / 'mnt' / 'data').replace(' ', chr(92) + '040')} rw,noatime - ext4 /dev/sda rw\n"
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path, **more: table if path.name == "mountinfo" else read(path, **more)
    )
    lifecycle.down()
    assert (folder / "mnt" / "data" / "chapter.tex").exists()
    assert not (folder / "image").exists()


def test_a_folder_that_an_earlier_version_made_is_taken_over(folder: Path) -> None:
    fill(folder, "host.log", "emulator.log", "image/", "ops/")
    (folder / "lock").touch()
    lifecycle.down()
    assert content(folder).keys() == {"host.log", "emulator.log", "lock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(TwinError, match="belongs to another user") as refused:
        lifecycle.up()
    assert "OPS_TWIN_DIR" in refused.value.next_step


@pytest.mark.parametrize("led", ["", "chapter.tex"])
def test_no_file_that_an_option_names_is_overwritten(tmp_path: Path, led: str) -> None:
    """Exports, plans and the audit's export are all written in this way; a link counts, wherever it leads."""
    (tmp_path / "chapter.tex").write_text("mine")
    target = tmp_path / "out.csv"
    target.symlink_to(tmp_path / (led or "nowhere"))
    with pytest.raises(UsageError, match="is there already"), atomic_file.atomic_write(target) as stream:
        stream.write(b"theirs")
    assert target.is_symlink()
    assert (tmp_path / "chapter.tex").read_text() == "mine"


def test_a_file_that_comes_to_be_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with pytest.raises(UsageError, match="is there already"), atomic_file.atomic_write(target) as stream:
        stream.write(b"theirs")
        target.write_text("mine")
    assert content(tmp_path) == {"out.csv": "mine"}
