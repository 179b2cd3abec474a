"""What the Markdown files name is there: links, files, commands with their options, make targets, settings and benches."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dashboard import pages
from ops.cli.reference import groups
from tests.documents.documents import ROOT, anchors, code, documents, ops_lines, paths, prose
from tests.ops.cli.command_lines import problems

EVERY_DOCUMENT = pytest.mark.parametrize("name", documents())
OLD_NAMES = {"ops dlq look"}
"""What the changelog says was renamed."""


@EVERY_DOCUMENT
def test_links_lead_somewhere(name: str) -> None:
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(documents()[name])):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = (ROOT / name).parent / path if path else ROOT / name
            if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
                wrong.append(link)
    assert wrong == []


@EVERY_DOCUMENT
def test_files_in_code_exist(name: str) -> None:
    """Named from the root or, as their readers say them, from a folder above them."""
    files = {
        each.removeprefix(".venv/")
        for each in re.findall(r"`([\w-]+(?:/[\w.-]+)+\.(?:py|md|toml|txt|png))(?:::\w+)?`", prose(documents()[name]))
        if "NAME" not in each
    }
    assert [each for each in files if not any(path == each or path.endswith(f"/{each}") for path in paths())] == []


@EVERY_DOCUMENT
def test_ops_commands_and_their_options_exist(name: str) -> None:
    found = {" ".join(words): problems(words) for line in code(documents()[name]) for words in ops_lines(line)}
    assert {line: wrong for line, wrong in found.items() if wrong and line not in OLD_NAMES | groups().keys()} == {}


@pytest.mark.parametrize("top", ["ops", "dashboard"])
def test_commands_that_the_product_names_exist(top: str) -> None:
    """In docstrings, hints and texts of pages."""
    found: dict[str, list[str]] = {}
    for name in sorted(paths()):
        if name.startswith(f"{top}/") and name.endswith(".py"):
            for line in re.findall(r"`(ops [a-z][^`\n]*)`", Path(ROOT / name).read_text(encoding="utf-8")):
                if line not in groups():
                    found |= {f"{name}: {line}": wrong for words in ops_lines(line) if (wrong := problems(words))}
    assert found == {}


def test_classes_that_contributors_are_sent_to_exist() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)*)`", documents()["CONTRIBUTING.md"]))
    source = "\n".join((ROOT / name).read_text() for name in paths() if re.match(r"(ops|dashboard)/.*\.py$", name))
    assert len(named) > 3
    assert {each for each in named if f"class {each}" not in source} == set()


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target for text in documents().values() for line in code(text) for target in re.findall(r"^make ([a-z]+)", line)
    }
    assert len(named) > 5
    assert named - targets == set()


def test_settings_are_read_somewhere() -> None:
    named = {each for text in documents().values() for each in re.findall(r"\bOPS_[A-Z_]+[A-Z]\b", text)}
    source = "\n".join((ROOT / name).read_text() for name in paths() if re.match(r"(ops|dashboard)/.*\.py$", name))
    assert len(named) > 8
    assert {each for each in named if f'"{each}"' not in source} == set()


def test_every_figure_has_its_bench_and_every_bench_its_figure() -> None:
    table = documents()["tests/README.md"].split("## Figures")[1]
    named = {each for cell in re.findall(r"\(`([^)]*)\)", table) for each in re.findall(r"^(\w+)", cell)}
    benches = {Path(name).stem for name in paths() if re.match(r"tests/bench/[a-z]\w*\.py$", name)}
    assert named == benches


def test_the_pages_are_those_of_the_navigation() -> None:
    titles = [entry.title for entries in pages.SECTIONS.values() for entry in entries]
    rows = re.findall(r"^\| ([A-Z][\w -]+) \|", documents()["dashboard/README.md"], re.MULTILINE)
    asked = re.findall(r"^\| [A-Z].*\? \| .* \| (.+) \|$", documents()["README.md"], re.MULTILINE)
    assert sorted(rows) == sorted(titles)
    assert {name for cell in asked for name in cell.split(", ")} - set(titles) == set() and len(asked) > 10


def test_the_layers_are_described_in_their_order() -> None:
    """Those of ``ops`` above what all share, and of that what has a line of its own."""
    described = re.findall(r"^ops\.(\w+)", documents()["CONTRIBUTING.md"], re.MULTILINE)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["ops"])
    ordered = [name.strip() for layer in layers for name in layer.split("|")]
    assert described == [name for name in ordered if name in described]
    assert {*ordered[ordered.index("cli") : ordered.index("aws") + 1]} - {*described} == set()
