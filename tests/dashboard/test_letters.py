"""Dead letters are foreign text: shown, never read as Markdown or HTML; and looking is asked first."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from dashboard.pages import PAGES
from ops.target import Target
from tests.dashboard import samples
from tests.dashboard.app import App

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]


def looked(app: App, name: str = "hostile") -> App:
    """The page after a look, without the dialog (a browser test goes through it)."""
    found = samples.Sample(foreign=" " + samples.HOSTILE).look(100, lambda *_: None)
    app.at.session_state["_looks"] = {Target(stack="scilearn"): found}
    return app.open(PAGE)


def test_a_look_asks_first(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    app.at.button(key="look").click().run()
    assert "each letter's receive count rises by one" in app.text
    assert "letters read" not in app.text


def test_a_read_only_dashboard_cannot_look(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    app = sample("trouble").open(PAGE)
    assert app.at.button(key="look").disabled
    assert "This dashboard is read-only" in app.text


def test_causes_and_letters_are_tables(sample: Visit) -> None:
    app = looked(sample("trouble"))
    causes, letters = (table.value for table in app.at.dataframe)
    assert causes["letters"].iloc[0] == 51
    assert len(letters) == 54
    assert "51 of 54 letters died of Sandbox.Timedout" in app.text


def test_a_hostile_letter_is_text_everywhere(sample: Visit) -> None:
    app = looked(sample("hostile"))
    assert not app.at.exception
    assert samples.HOSTILE in app.text  # escaped once, so a reader sees exactly what was sent
    assert "<script>document" not in app.html
    assert "<img src=x" not in app.html
    for kind in ("markdown", "caption", "title", "header", "subheader"):
        assert all("example.com" not in str(element.value) for element in app.at.get(kind)), kind
    for chart in app.charts:
        assert "<script" not in json.dumps(chart), "Plotly reads HTML in labels"


def test_a_letters_body_is_a_code_element_without_language(sample: Visit) -> None:
    app = looked(sample("trouble"))
    bodies = [code for code in app.at.code if code.value.startswith('{"schema"')]
    assert len(bodies) == 1
    assert bodies[0].language in (None, "", "plaintext")
    assert len(bodies[0].value) == 2_000, "cut"
    toggle = next(toggle for toggle in app.at.toggle if toggle.key.startswith("all-"))
    toggle.set_value(True).run()
    whole = next(code.value for code in app.at.code if code.value.startswith('{"schema"'))
    assert json.loads(whole)["job_id"] == "job-0000"


def test_a_queue_without_a_dead_letter_queue_says_what_to_do(sample: Visit) -> None:
    app = sample("no-dlq").open(PAGE)
    assert not app.at.exception
    assert "No dead-letter queue" in app.text
    assert "redrive policy" in app.text
    assert not [button for button in app.at.button if button.key == "look"]
