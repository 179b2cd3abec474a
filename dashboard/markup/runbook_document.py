"""A runbook's Markdown as HTML, cut at each step, so that a card can stand where the step's block is.

markdown-it-py with raw HTML off. The document is untrusted all the same: direction marks and control characters are
shown as such, a link leads to another runbook or to an https page, and a picture is its description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dashboard import runbooks
from dashboard.formatting import escape, sendable
from ops import runbook_files
from ops.runbooks.model import PAPER_INFO, Runbook, RunbookStep

_OWN_PAGE = re.compile(r"(?:\./)?([A-Za-z0-9_-]+)\.md(?:#.*)?")


@dataclass(frozen=True)
class Section:
    """The document from one second-level heading to the next. ``parts``: HTML, and the steps in between."""

    heading: str
    parts: tuple[str | RunbookStep, ...]

    @property
    def steps(self) -> tuple[RunbookStep, ...]:
        return tuple(part for part in self.parts if isinstance(part, RunbookStep))


def sections(document: Runbook, stack: str = "", query: Mapping[str, str] | None = None) -> tuple[Section, ...]:
    """The document in reading order. ``query``: of the address, kept in links to other runbooks."""
    body = runbooks.with_stack(sendable(document.text), stack)
    tokens = _without_title(_parser(query or {}).parse("\n".join(_without_front_matter(body.split("\n")))))
    steps = {step.line - 1: step for step in document.steps}
    found: list[Section] = []
    heading, start = "", 0
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            found.append(Section(heading, tuple(_parts(tokens[start:place], steps, query or {}))))
            heading, start = tokens[place + 1].content, place + 3
    found.append(Section(heading, tuple(_parts(tokens[start:], steps, query or {}))))
    return tuple(section for section in found if section.heading or section.parts)


def _without_front_matter(lines: list[str]) -> list[str]:
    """Empties the lines of the front matter, so that line numbers stay the same."""
    if lines[0].rstrip() != "---":
        return lines
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    return [""] * (end + 1) + lines[end + 1 :]


def _without_title(tokens: list[Token]) -> list[Token]:
    """The page has the title already."""
    titles = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    return [token for place, token in enumerate(tokens) if not any(start <= place < start + 3 for start in titles)]


def _parts(
    tokens: Sequence[Token], steps: Mapping[int, RunbookStep], query: Mapping[str, str]
) -> Iterator[str | RunbookStep]:
    """HTML up to each step, with every open list closed before the card and opened again after it."""
    parser = _parser(query)
    kept: list[Token] = []
    open_tokens: list[Token] = []
    numbers: list[int] = []

    def html() -> str:
        shown = [*kept, *(_closing(token) for token in reversed(open_tokens))]
        kept.clear()
        kept.extend(_reopened(open_tokens, numbers))
        rendered = str(parser.renderer.render(shown, parser.options, {})).strip()
        return rendered if re.sub(r"<[^>]+>", "", rendered).strip() else ""

    for token in tokens:
        if token.type == "fence" and (step := steps.get(token.map[0] if token.map else -1)):
            if rendered := html():
                yield rendered
            yield step
            continue
        if token.type == "fence" and token.info == PAPER_INFO:
            continue  # the card has it
        kept.append(token)
        _follow(token, open_tokens, numbers)
    if rendered := html():
        yield rendered


def _follow(token: Token, open_tokens: list[Token], numbers: list[int]) -> None:
    if token.nesting == 1:
        open_tokens.append(token)
        if token.type == "ordered_list_open":
            numbers.append(int(token.attrGet("start") or 1) - 1)
        elif token.type == "list_item_open" and numbers and open_tokens[-2].type == "ordered_list_open":
            numbers[-1] += 1
    elif token.nesting == -1:
        open_tokens.pop()
        if token.type == "ordered_list_close":
            numbers.pop()


def _closing(token: Token) -> Token:
    return Token(token.type.replace("_open", "_close"), token.tag, -1, block=True, hidden=token.hidden)


def _reopened(open_tokens: Sequence[Token], numbers: Sequence[int]) -> Iterator[Token]:
    """The lists that a card interrupts, without a second marker on the item that goes on."""
    left = list(numbers)
    for token in open_tokens:
        again = Token(token.type, token.tag, 1, block=True, hidden=token.hidden)
        if token.type == "ordered_list_open":
            again.attrSet("start", str(left.pop(0)))
        if token.type == "list_item_open":
            again.attrSet("class", "so-goes-on")
        yield again


def _parser(query: Mapping[str, str]) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("link_open", lambda _renderer, tokens, place, *_: _link_open(tokens[place], query))
    parser.add_render_rule("link_close", lambda _renderer, tokens, place, *_: "</a>")
    parser.add_render_rule("image", lambda _renderer, tokens, place, *_: f"<em>{escape(tokens[place].content)}</em>")
    return parser


def _link_open(token: Token, query: Mapping[str, str]) -> str:
    target: Any = token.attrGet("href") or ""
    own = _OWN_PAGE.fullmatch(str(target))
    if own and runbook_files.file(f"{own[1]}.md"):
        return (
            f'<a href="?{escape(urlencode({**query, "runbook": own[1]}))}" target="_blank" rel="noopener noreferrer">'
        )
    if runbook_files.is_page(str(target)):
        return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer">'
    return "<a>"
