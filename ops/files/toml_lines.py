"""The line of each value in a TOML file, which ``tomllib`` does not report."""

from __future__ import annotations

import re
from collections.abc import Iterator

TomlPath = tuple[str | int, ...]
"""Keys and positions in lists: ("series", 0, "phases", 2, "from")."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}\n#]*")


def lines_of(text: str) -> dict[TomlPath, int]:
    """The line of each key in a text that is valid TOML, from 1."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._lengths: dict[TomlPath, int] = {}  # of arrays of tables
        self.lines: dict[TomlPath, int] = {(): 1}

    def document(self) -> None:
        table: TomlPath = ()
        while self._next():
            if self._take("[["):
                table = self._header("]]")
            elif self._take("["):
                table = self._header("]")
            else:
                self._pair(table)

    def _header(self, closing: str) -> TomlPath:
        line = self._here()
        *parents, last = self._keys()
        self._take(closing)
        path: TomlPath = ()
        for key in parents:
            path = (*path, key)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        path = (*path, last)
        if closing == "]]":
            self.lines.setdefault(path, line)
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = (*path, self._lengths[path] - 1)
        self.lines[path] = line
        return path

    def _pair(self, table: TomlPath) -> None:
        line = self._here()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._take("=")
        self._value(path)

    def _keys(self) -> Iterator[str]:
        while self._next():
            key = _KEY.match(self._text, self._at)
            if key is None:
                return
            self._at = key.end()
            yield key.group().strip("\"'")
            if not self._take("."):
                return

    def _value(self, path: TomlPath) -> None:
        if self._take("["):
            position = 0
            while self._next() and not self._take("]"):
                self.lines[(*path, position)] = self._here()
                self._value((*path, position))
                position += 1
                self._take(",")
        elif self._take("{"):
            while self._next() and not self._take("}"):
                self._pair(path)
                self._take(",")
        else:
            found = _TEXT.match(self._text, self._at) or _BARE.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _take(self, mark: str) -> bool:
        self._next()
        taken = self._text.startswith(mark, self._at)
        self._at += len(mark) * taken
        return taken

    def _next(self) -> bool:
        """Skips blanks and comments. Whether anything follows."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._at < len(self._text)

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
