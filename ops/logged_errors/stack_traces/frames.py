"""Frames of stack traces, in the ways that languages write them, and which of them are a function's own code.

Each line is matched by itself and cut before, so that no text takes more time than its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

LIBRARY_PATH = re.compile(
    r"site-packages|dist-packages|/lib/python\d|/opt/python/|/var/(?:lang|runtime)/|<frozen|<string>|awslambdaric"
    r"|node_modules|\bnode:|\binternal/|/gems/|/ruby/\d|/usr/local/go/|/go/pkg/mod/|/vendor/|/rustc/|/\.cargo/"
    r"|^(?:java|javax|jakarta|jdk|sun|kotlin|scala|lambdainternal|com\.amazonaws|com\.fasterxml|com\.zaxxer"
    r"|software\.amazon|org\.springframework|org\.apache|org\.postgresql|org\.hibernate|System|Microsoft|Amazon"
    r"|runtime|panic)\."
)
"""Frames of the platform, the standard library or packages: not the function's own code."""
MAX_PATH_PARTS = 3
_MAX_LINE_CHARS = 400

_CODE_FOLDER = re.compile(r"^.*?/task/|^file://")
"""/var/task on Lambda, and a folder of that name where Lambda is stood in for."""
_PYTHON = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.*))?')
_AT = (
    re.compile(r"at (?P<name>[^\s(]+) ?\(.*\) in (?P<path>\S.*):line (?P<line>\d+)"),  # .NET
    re.compile(
        r"at (?:[\w.@-]+//?)*(?P<name>[\w.$<>-]+)\("
        r"(?:(?P<path>[\w$-]+\.\w+)(?::(?P<line>\d+))?|Unknown Source|Native Method|<generated>)\)"
    ),  # Java
    re.compile(r"at (?:async )?(?:(?P<name>[^()]+?) \()?(?:file://)?(?P<path>[^()\s]+?):(?P<line>\d+):\d+\)?$"),  # Node
    re.compile(r"at (?:async )?(?P<name>[^()]+?) \(<anonymous>\)$"),
    re.compile(r"at (?P<name>[\w.`<>+\[\],|]+) ?\(.*\)$"),  # .NET without its symbols
)
_PHP = re.compile(r"#\d+ (?P<path>[^\s(]+)\((?P<line>\d+)\): (?P<name>.+)")
_FILES = (
    re.compile(r"(?:from )?(?P<path>[^\s:]+\.rb):(?P<line>\d+):in [`'](?P<name>[^`']+)'"),  # Ruby
    re.compile(r"(?P<path>\S+\.(?:go|rs)):(?P<line>\d+)(?: \+0x[0-9a-f]+|:\d+:?)?$"),  # Go and Rust
    re.compile(r"(?:\(\w+ [\w.-]+\) )?(?P<path>\S+\.exs?):(?P<line>\d+): (?P<name>.+)"),  # Elixir
)
_FILE = re.compile(r"\.(?:rb|go|rs|exs?):\d")
_GO_CALL = re.compile(r"(?P<name>[\w./*()-]+?)(?:\([^()]*\))?$")
_PATHS, _LINES = ("path", "file", "filename", "fileName", "source"), ("line", "lineno", "lineNumber", "line_number")
_NAMES = ("function", "name", "label", "methodName", "method", "func")
_CLASSES = ("className", "class", "classname")


class Frame(NamedTuple):
    path: str
    line: str
    name: str

    @property
    def of_library(self) -> bool:
        return bool(LIBRARY_PATH.search(self.path) or LIBRARY_PATH.search(self.name))

    def __str__(self) -> str:
        """``handler/jobs/train.py:88 fit``: the path without the folder that the code was put in."""
        parts = re.split(r"[\\/]+", _CODE_FOLDER.sub("", self.path, count=1))
        path = "/".join([part for part in parts if part][-MAX_PATH_PARTS:])
        return (f"{path}:{self.line} {self.name}" if self.line else f"{path} {self.name}").strip()


def of_line(line: str) -> Frame | None:
    """The frame that one line holds."""
    bare = line[:_MAX_LINE_CHARS].strip().rstrip(" {,")
    for shape in _shapes(bare):
        if found := shape.match(bare):
            groups = found.groupdict()
            return Frame(groups.get("path") or "", groups.get("line") or "", (groups.get("name") or "").strip())
    return None


def _shapes(bare: str) -> tuple[re.Pattern[str], ...]:
    """The shapes that a line can have, judged by its first characters: traces of many frames are read often."""
    if bare.startswith("File "):
        return (_PYTHON,)
    if bare.startswith("at "):
        return _AT
    return (_PHP,) if bare.startswith("#") else _FILES if _FILE.search(bare) else ()


def of_lines(lines: Iterable[str]) -> list[Frame]:
    """All frames, in the order in which they stand. Go writes a call's name on the line before its file."""
    found = []
    before = ""
    for line in lines:
        if frame := of_line(line):
            called = _GO_CALL.match(before) if frame.path.endswith(".go") and not frame.name else None
            found.append(frame._replace(name=called["name"].rpartition("/")[2]) if called else frame)
        before = line[:_MAX_LINE_CHARS].strip()
    return found


def of_objects(trace: Sequence[Any]) -> list[Frame]:
    """Frames that a logger wrote as objects."""
    found = []
    for frame in trace:
        if not isinstance(frame, dict):
            continue
        path, line, name, of = (
            next((str(frame[key]) for key in keys if isinstance(frame.get(key), str | int)), "")
            for keys in (_PATHS, _LINES, _NAMES, _CLASSES)
        )
        found.append(Frame(path, line, f"{of}.{name}" if of else name))
    return found


def location(frames: Iterable[Frame], innermost_last: bool = False) -> str:
    """The innermost own frame; empty where all are others'."""
    for frame in reversed(list(frames)) if innermost_last else frames:
        if (frame.path or "." in frame.name) and not frame.of_library:
            return str(frame)
    return ""


def is_python(line: str) -> bool:
    return bool(_PYTHON.match(line[:_MAX_LINE_CHARS].strip()))
