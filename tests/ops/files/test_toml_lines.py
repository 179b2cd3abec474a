"""The lines of a TOML file's values."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ops.alarms.incidents import FOLDER
from ops.files.toml_lines import TomlPath, lines_of

TEXT = '''# a comment = "not a key"
a = 1
"b c".d = [ # [
  1, "]", # , "x"
  {e = 2, f = [3,
    4]},
]
[g.h]
i = """
[j]
k = 1 \\""" still text
"""
l = \'\'\'
m = 2\'\'\'
[[n]]
o = 2026-01-01T00:00:00Z
[[n.p]]
q = 1
[[n]]
[[n.p]]
[[n.p]]
q = 2
'''


def test_every_value_has_its_line() -> None:
    tomllib.loads(TEXT)
    lines = lines_of(TEXT)
    expected: dict[TomlPath, int] = {
        ("a",): 2,
        ("b c", "d"): 3,
        ("b c", "d", 1): 4,
        ("b c", "d", 2): 5,
        ("b c", "d", 2, "e"): 5,
        ("b c", "d", 2, "f", 1): 6,
        ("g", "h"): 8,
        ("g", "h", "i"): 9,
        ("g", "h", "l"): 13,
        ("n", 0): 15,
        ("n", 0, "o"): 16,
        ("n", 0, "p", 0, "q"): 18,
        ("n", 1): 19,
        ("n", 1, "p", 1, "q"): 22,
    }
    assert {path: lines.get(path) for path in expected} == expected
    assert ("g", "h", "k") not in lines and ("g", "h", "m") not in lines


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_it_knows_every_value_of_the_shipped_files(path: Any) -> None:
    text = path.read_text()
    lines = lines_of(text)

    def check(value: Any, at: TomlPath) -> None:
        assert at in lines, at
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in items:
            check(item, (*at, key))

    check(tomllib.loads(text), ())
