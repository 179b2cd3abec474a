"""How the house is kept, counted from the source: import circles, upward arrows, names with several meanings, sizes.

``.venv/bin/python -m tests.bench.house`` prints one JSON object on its last line:

- ``circles``: packages of ``ops``, ``dashboard`` and ``handler`` that import one another in a circle, at any level;
- ``upward_arrows``: contracts of the layers (pyproject.toml) that are broken;
- ``collisions``: public classes of ``ops`` that share their name with another class of ``ops``;
- ``product_lines``: lines of Python in ``ops``, ``dashboard`` and ``handler``;
- ``flat_modules_max``: most Python files in one folder of these three;
- ``long_subjects``: commits since ``SINCE`` whose subject has more than 72 characters.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ops", "dashboard", "handler")
SINCE = "b88dd3a"
MAX_SUBJECT_CHARS = 72


def modules() -> dict[str, Path]:
    """Dotted name to file, of every module of the product."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def arrows(named: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """(importing module, imported module), imports inside functions and for types among them."""
    for name, path in named.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    if (target := full if full in named else node.module) in named:
                        yield name, target
            elif isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names if alias.name in named)


def circles(edges: set[tuple[str, str]]) -> int:
    """Circles between the sub-packages and modules of one package: pairs that reach each other, counted once a package."""
    below: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for origin, target in edges:
        mine, other = origin.split("."), target.split(".")
        for depth in range(1, min(len(mine), len(other))):
            if mine[:depth] != other[:depth]:
                break
            if mine[depth] != other[depth]:
                below[".".join(mine[:depth])][mine[depth]].add(other[depth])
    return sum(any(_reaches(graph, room, room) for room in list(graph)) for graph in below.values())


def _reaches(graph: dict[str, set[str]], start: str, end: str) -> bool:
    seen: set[str] = set()
    waiting = [*graph.get(start, ())]
    while waiting:
        room = waiting.pop()
        if room == end:
            return True
        if room not in seen:
            seen.add(room)
            waiting += graph.get(room, ())
    return False


def collisions(named: dict[str, Path]) -> list[str]:
    """Public classes of ``ops`` by names that more than one of them has."""
    classes = Counter(
        node.name
        for name, path in named.items()
        if name.startswith("ops.")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in classes.items() if count > 1)


def main() -> None:
    named = modules()
    contracts = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    if "Contracts: " not in contracts.stdout:
        raise RuntimeError(f"lint-imports checked nothing: {contracts.stdout}{contracts.stderr}")
    subjects = subprocess.run(
        ["git", "log", "--format=%s", f"{SINCE}..HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    twice = collisions(named)
    print("Class names with several meanings:", ", ".join(twice) or "none")
    print(
        json.dumps(
            {
                "circles": circles(set(arrows(named))),
                "upward_arrows": contracts.stdout.count(" BROKEN"),
                "collisions": len(twice),
                "product_lines": sum(len(path.read_text().splitlines()) for path in named.values()),
                "flat_modules_max": max(Counter(path.parent for path in named.values()).values()),
                "long_subjects": sum(len(subject) > MAX_SUBJECT_CHARS for subject in subjects),
            }
        )
    )


if __name__ == "__main__":
    main()
