"""A runbook's Markdown as data: YAML front matter, and fenced ``check`` and ``step`` blocks with their lines."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from ops.runbooks import fields
from ops.runbooks.model import PAPER_INFO, DocumentProblem, FrontMatter, Reference, Runbook, RunbookStep, StepFields
from ops.runbooks.parse.yaml_lines import LinedMapping, YamlProblem, read_mapping

if TYPE_CHECKING:
    from markdown_it.token import Token

BLOCKS = ("check", "step")
MAX_BYTES = 200_000
_FENCE = "---"


def parse(name: str, file: str, text: str) -> tuple[Runbook, tuple[DocumentProblem, ...]]:
    """The document and what is wrong with its form. ``file``: as problems name it. What is wrong is left out."""
    if len(text.encode()) > MAX_BYTES:
        return Runbook(name, file, text, None), (
            DocumentProblem(file, 1, f"the file is larger than {MAX_BYTES:,} bytes"),
        )
    reader = _Reader(file, text)
    front, front_lines = reader.front_matter()
    steps = reader.steps()
    document = Runbook(name, file, text, front, front_lines, steps, reader.headings())
    if steps and front is None and not reader.problems:
        reader.problem(1, "a runbook with live steps needs front matter (title, severity, owner, escalation, redrive)")
    return document, tuple(sorted(reader.problems, key=lambda problem: problem.line))


class _Reader:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = text.split("\n")
        self.problems: list[DocumentProblem] = []
        self._body_start = 0
        if self._lines[0].rstrip() == _FENCE:
            ends = (number for number, line in enumerate(self._lines[1:], 1) if line.rstrip() == _FENCE)
            self._body_start = next(ends, -1) + 1
        body = [""] * max(0, self._body_start) + self._lines[max(0, self._body_start) :]
        self._tokens = MarkdownIt("commonmark", {"html": False}).parse("\n".join(body))

    def problem(self, line: int, text: str) -> None:
        self.problems.append(DocumentProblem(self._file, line, text))

    def front_matter(self) -> tuple[FrontMatter | None, Mapping[str, int]]:
        if self._lines[0].rstrip() != _FENCE:
            return None, {}
        if not self._body_start:
            self.problem(1, "the front matter has no end: a line --- is missing")
            return None, {}
        mapping = self._mapping("\n".join(self._lines[1 : self._body_start - 1]), 2)
        if mapping is None or self._wrong(FrontMatter, mapping, "front matter key", 1):
            return None, {}
        return fields.fill(FrontMatter, mapping.values), mapping.lines

    def headings(self) -> tuple[tuple[str, int], ...]:
        pairs = pairwise(self._tokens)
        return tuple(
            (inline.content, _start(token) + 1)
            for token, inline in pairs
            if token.type == "heading_open" and token.tag == "h2"
        )

    def steps(self) -> tuple[RunbookStep, ...]:
        fences = [token for token in self._tokens if token.type == "fence"]
        for token in fences:
            name = token.info.strip()
            if name not in BLOCKS and name.lower().rstrip("s:") in BLOCKS:
                self.problem(_start(token) + 1, f"a block is named check or step, not {name}")
        found = [self._step(token, fences) for token in fences if token.info.strip() in BLOCKS]
        return tuple(step for step in found if step is not None)

    def _step(self, token: Token, fences: list[Token]) -> RunbookStep | None:
        start, end = _start(token), _end(token)
        mapping = self._mapping(token.content, start + 2)
        if mapping is None or self._wrong(StepFields, mapping, "key", start + 1):
            return None
        written = fields.fill(StepFields, mapping.values)
        inputs = {name: self._input(name, value, start + 1, mapping) for name, value in written.inputs.items()}
        line = self._lines[start]
        return RunbookStep(
            id=written.id,
            action=written.action,
            is_check=token.info.strip() == "check",
            inputs=inputs,
            when=written.when,
            expect=written.expect,
            otherwise=written.otherwise,
            line=start + 1,
            last_line=end,
            indent=line[: len(line) - len(line.lstrip())],
            lines=mapping.lines,
            paper_lines=next(
                (
                    (_start(other) + 1, _end(other))
                    for other in fences
                    if other.info == PAPER_INFO and _start(other) == end
                ),
                None,
            ),
        )

    def _input(self, name: str, value: Any, line: int, mapping: LinedMapping) -> Any:
        """``{from: EXPRESSION}`` is a reference."""
        if isinstance(value, dict) and set(value) == {"from"} and isinstance(value["from"], str):
            return Reference(value["from"])
        if isinstance(value, dict) and "from" in value:
            self.problem(mapping.lines.get(f"with.{name}", line), f"input {name}: from must be the only key, and text")
        return value

    def _mapping(self, text: str, first_line: int) -> LinedMapping | None:
        try:
            return read_mapping(text, first_line)
        except YamlProblem as problem:
            self.problem(problem.line, str(problem))
            return None

    def _wrong(self, kind: Any, mapping: LinedMapping, what: str, line: int) -> bool:
        """Whether something is wrong; every mistake becomes a problem."""
        before = len(self.problems)
        for name, at in mapping.repeated:
            self.problem(at, f"{name} is there twice")
        for name, text in fields.mistakes(kind, mapping.values, what):
            self.problem(mapping.lines.get(name, line), text)
        return len(self.problems) > before


def _start(token: Token) -> int:
    """The first line of a block, from 0."""
    return token.map[0] if token.map else 0


def _end(token: Token) -> int:
    """The line after a block, from 0."""
    return token.map[1] if token.map else 0
