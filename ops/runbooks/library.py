"""The runbooks of this checkout, and those that belong to an alarm."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ops import runbook_files
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.runbooks import validate
from ops.runbooks.model import DocumentProblem, Runbook

_KEPT = "the run keeps the version that it started with."


def names(folder: Path = runbook_files.RUNBOOKS_DIR) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.md")))


def read_file(path: Path) -> tuple[Runbook, tuple[DocumentProblem, ...]]:
    """The document at ``path`` and what is wrong with it. Raises OpsError when it cannot be read."""
    try:
        text = atomic_file.read_file(path).decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        empty = Runbook(path.stem, _shown(path), "", None)
        return empty, (DocumentProblem(_shown(path), line, "this is not UTF-8"),)
    return _read_text(path.stem, _shown(path), text)


@lru_cache(
    maxsize=64
)  # by the text: to find an alarm's runbook, every document is read, and a page does that for each alarm
def _read_text(name: str, shown: str, text: str) -> tuple[Runbook, tuple[DocumentProblem, ...]]:
    return validate.read(name, shown, text)


def find(name: str) -> Path:
    """The document of that name, or the file at that path. Raises UsageError."""
    path = Path(name)
    if path.suffix == ".md" and path.is_file():
        return path
    found = runbook_files.file(f"{name.removesuffix('.md')}.md")
    if found is None:
        raise UsageError(f"There is no runbook {name}.", f"Choose one of: {', '.join(names())}.")
    return found


def load(name: str) -> Runbook:
    """A document that can be run or shown. Raises UsageError where there is none, OpsError where something is wrong
    with it: the first problem."""
    document, problems = read_file(find(name))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise OpsError(f"{problems[0]}{more}", f"See all: ops runbook check {name}.")
    return document


def change_since(document: Runbook) -> str:
    """How the file of a run's ``document`` differs now from what the run started with, as a sentence; empty where it does
    not, or where a relative path leads nowhere from this folder."""
    own = document.file == f"runbooks/{document.name}.md"
    path = runbook_files.file(f"{document.name}.md") if own else Path(document.file)
    if path is None or (path.is_absolute() and not path.exists()):
        return f"{document.file} is no longer there; {_KEPT}"
    try:
        now = atomic_file.read_file(path)
    except OpsError:
        return ""
    return "" if now == document.text.encode() else f"{document.file} has changed since the run started; {_KEPT}"


def for_alarm(alarm: str, description: str = "") -> tuple[Runbook, ...]:
    """The runbooks of the alarm: those that can be run first, of them the one that its description names, then by how
    early they name it. ``alarm``: its full name, such as ``shop-dead-letters``."""
    match = runbook_files.RUNBOOK_PATH.search(description)
    described = match[1].removesuffix(".md") if match else ""
    found: list[tuple[tuple[bool, bool, int], Runbook]] = []
    for name in names():
        document, _ = read_file(find(name))
        place = _place(alarm, document.front.alarms if document.front else ())
        if place is not None or name == described:
            found.append(((not document.steps, name != described, place or 0), document))
    return tuple(document for _, document in sorted(found, key=lambda each: each[0]))


def _place(alarm: str, ids: tuple[str, ...]) -> int | None:
    return next((at for at, each in enumerate(ids) if alarm == each or alarm.endswith(f"-{each}")), None)


def _shown(path: Path) -> str:
    """Short where it is one of this checkout's own."""
    folder = runbook_files.RUNBOOKS_DIR
    return f"runbooks/{path.name}" if path.resolve().parent == folder else str(path)
