"""The rehearsals of this checkout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ops import runbook_files
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.rehearsals import rehearsal_parser
from ops.rehearsals.model import RunbookRehearsal
from ops.runbooks.model import DocumentProblem

FOLDER = runbook_files.RUNBOOKS_DIR / "rehearsals"


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def matching(wanted: Sequence[str]) -> tuple[str, ...]:
    """The names of rehearsals that ``wanted`` selects: names, runbooks (each rehearsal of it) and files; all for none.
    Raises UsageError."""
    found: list[str] = []
    for name in wanted or names():
        if name in names() or name.endswith(".toml"):
            found.append(name)
            continue
        read = ((each, read_file(each)[0]) for each in names())
        of_runbook = [each for each, rehearsal in read if rehearsal and rehearsal.runbook == name]
        if not of_runbook:
            raise _missing(name)
        found += of_runbook
    return tuple(dict.fromkeys(found))


def read_file(name: str) -> tuple[RunbookRehearsal | None, tuple[DocumentProblem, ...]]:
    """A shipped rehearsal by its name, or the file at that path. Raises UsageError, or OpsError when it cannot be read."""
    path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        stem = name.removesuffix(".toml")
        if stem not in names():
            raise _missing(name)
        path = FOLDER / f"{stem}.toml"
    shown = f"runbooks/rehearsals/{path.name}" if path.resolve().parent == FOLDER else str(path)
    try:
        text = atomic_file.read_file(path).decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, (DocumentProblem(shown, line, "this is not UTF-8"),)
    return rehearsal_parser.read(path.stem, shown, text)


def load(name: str) -> RunbookRehearsal:
    """Raises UsageError where there is none, OpsError with every problem where something is wrong with it."""
    rehearsal, problems = read_file(name)
    if rehearsal is None:
        raise OpsError("\n".join(map(str, problems)), "Correct the file; CONTRIBUTING.md names its fields.")
    return rehearsal


def _missing(name: str) -> UsageError:
    return UsageError(f"There is no rehearsal {name}.", f"Choose one of: {', '.join(names())}.")
