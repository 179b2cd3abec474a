"""A runbook as data: front matter, steps, and what is wrong with a document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PAPER_INFO = "sh generated"
"""Marks the generated block of commands after a step. A block marked only ``sh`` was written by a person and is never
overwritten."""
Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A step's ID: a JMESPath identifier, so that ``steps.ID.field`` needs no quotes."""
Prose = Annotated[str, Meta(min_length=1, max_length=2_000)]


class RedriveSafety(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the consumer may process a message twice, and why that is known."""

    idempotent: bool
    why: Prose


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True):
    title: Prose
    alarms: tuple[str, ...] = ()
    """Names of alarms without the stack's name, or IDs of the catalog."""
    severity: Literal["page", "ticket"]
    owner: Prose
    escalation: Prose
    redrive: RedriveSafety


class StepFields(msgspec.Struct, frozen=True, kw_only=True, rename={"inputs": "with"}):
    """A ``check`` or ``step`` block as written."""

    id: Id
    action: str
    inputs: dict[str, Any] = {}
    when: str = ""
    """JMESPath over ``steps`` and ``workload``: the step is skipped unless it is true."""
    expect: str = ""
    """JMESPath over the step's own outputs: the run stops unless it is true."""
    otherwise: str = ""
    """What to do when the step does not go as expected, in words."""


@dataclass(frozen=True)
class Reference:
    """An input that is known during the run only: JMESPath over ``steps`` and ``workload``."""

    expression: str


@dataclass(frozen=True)
class RunbookStep:
    """``line``: of its block's opening fence, from 1; ``lines``: of its keys and inputs (``with.seconds``)."""

    id: str
    action: str
    is_check: bool
    inputs: Mapping[str, Any]
    when: str
    expect: str
    otherwise: str
    line: int
    last_line: int
    indent: str
    lines: Mapping[str, int]
    paper_lines: tuple[int, int] | None
    """First and last line of the block of commands that follows directly; None without one."""

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


@dataclass(frozen=True)
class DocumentProblem:
    """What is wrong with a document. ``line``: from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Runbook:
    """A document as parsed. ``front`` is None for a page without front matter: complete on paper, nothing to run."""

    name: str
    file: str
    text: str
    front: FrontMatter | None
    front_lines: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[RunbookStep, ...] = ()
    headings: tuple[tuple[str, int], ...] = ()
    """Second-level headings with their lines."""

    @property
    def title(self) -> str:
        return self.front.title if self.front else self.name

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()
