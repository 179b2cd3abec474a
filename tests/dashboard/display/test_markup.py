"""Whatever a template is given is text to a reader, and nothing to a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from dashboard.markup import dead_letters, html_blocks
from dashboard.markup.html_blocks import Stat
from ops.deadletters.ledger.model import RunState
from ops.insight.report_types import Finding, Level
from tests.dashboard.samples import HOSTILE
from tests.fakes.sample_dead_letters import a_run

TEXT = f"{HOSTILE} \u202e \ud800"
RUN = replace(a_run(RunState.STOPPED, TEXT), who=TEXT, status_text=TEXT)


@pytest.mark.parametrize(
    "html",
    [
        html_blocks.empty(TEXT, TEXT),
        html_blocks.facts({TEXT: TEXT}),
        html_blocks.finding(Finding(Level.CRITICAL, TEXT)),
        html_blocks.partial([TEXT]),
        html_blocks.stats([Stat(TEXT, TEXT, TEXT, TEXT)]),
        dead_letters.run_head(RUN, TEXT, UTC),
        dead_letters.MACROS.course(TEXT, TEXT),
        dead_letters.MACROS.tally(TEXT, [(TEXT, 1)]),
    ],
)
def test_a_value_is_escaped_and_printable(html: str) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "\\u202e \\ud800" in html, "direction marks and lone surrogates are shown as their codes"
