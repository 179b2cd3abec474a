"""A run on another machine that is stuck or dead is seen, and taken over by who says so; never by mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from ops.runbooks import library
from ops.runbooks.locking import SharedHolder
from ops.runbooks.locking.shared_hold import TAG
from ops.runbooks.run_state import RunPhase
from tests.dashboard.runbooks.conftest import Shift
from tests.dashboard.runbooks.test_run_on_the_page import BOOK, press, started

KIM = "arn:aws:sts::111122223333:assumed-role/OnCall/kim"
THEIRS = "20261129T015500000000-backlog-77aa"


def hold(shift: Shift, run: str = THEIRS, who: str = KIM) -> SharedHolder:
    """As another machine's run does; what the page then reads."""
    until = datetime.now(UTC) + timedelta(minutes=40)
    shift.stalled.tags = {TAG: f"{run} on 0123abcd until {until:%Y-%m-%dT%H:%M:%SZ} by {who}"}
    holder = shift.control().find_other_machine()
    assert holder is not None
    return holder


def _page(holder, work):  # type: ignore[no-untyped-def]  # Streamlit runs its text, without our imports
    from dashboard.app_pages.runbooks import take_over_dialog

    take_over_dialog.ask(holder, "Take over and start…", work)


def confirmed(
    holder: SharedHolder,
    work: Callable[[str, SharedHolder], object],
    typed: str = "take over from kim",
    reason: str = "pager 17, kim's laptop is off",
) -> str:
    """In the dialog, which the page opens; its text then."""
    app = AppTest.from_function(_page, args=(holder, work)).run(timeout=120)
    app.text_input(key="take-over-typed").set_value(typed)
    app.text_input(key="take-over-reason").set_value(reason)
    app.button(key="take-over-confirmed").click().run(timeout=120)
    assert not app.exception
    written = [str(each.value) for kind in (app.text, app.markdown, app.error) for each in kind]
    return unescape("\n".join([*written, *(block.proto.body for block in app.get("html"))]))


def test_who_holds_it_since_when_is_shown_before_anything_starts(shift: Shift) -> None:
    hold(shift)
    app = shift.open(runbook=BOOK)
    assert f"kim runs {THEIRS}: last heartbeat 20 min ago, held until" in app.text
    assert "Start" not in [button.label for button in app.at.button]
    press(app, "Take over and start…")
    assert KIM in app.text
    assert "That run changes nothing more" in app.text
    assert not (shift.home / "runbooks").exists(), "nothing was written"


def test_it_is_taken_over_and_recorded(shift: Shift) -> None:
    control = shift.control()
    confirmed(hold(shift), lambda reason, over: control.start(library.load(BOOK), reason, over))
    assert shift.state.phase is RunPhase.WAITING
    assert shift.state.reason == "pager 17, kim's laptop is off"
    assert KIM in str(shift.record.events()[0].data["taken_over_from"])
    assert shift.record.run in shift.stalled.tags[TAG], "it is ours"
    assert control.find_other_machine() is None


@pytest.mark.parametrize(
    ("typed", "reason", "says"),
    [
        ("take over from alex", "pager 17", "The confirmation does not match."),
        ("take over from kim", " ", "A reason is required"),
    ],
)
def test_nothing_is_taken_over_without_the_words_and_a_reason(shift: Shift, typed: str, reason: str, says: str) -> None:
    control = shift.control()
    work = lambda reason, over: control.start(library.load(BOOK), reason, over)  # noqa: E731
    assert says in confirmed(hold(shift), work, typed, reason)
    assert THEIRS in shift.stalled.tags[TAG]


def test_someone_else_who_holds_it_by_now_is_not_overruled(shift: Shift) -> None:
    control, shown = shift.control(), hold(shift)
    hold(shift, "20261129T020000000000-poison-message-0001", KIM.replace("kim", "lee"))
    text = confirmed(shown, lambda reason, over: control.start(library.load(BOOK), reason, over))
    assert "By now role OnCall (lee)" in text
    assert "poison-message" in shift.stalled.tags[TAG]


def test_a_run_here_that_waits_is_continued_over_another_machine(shift: Shift) -> None:
    started(shift)
    shown = hold(shift)
    labels = [button.label for button in shift.open(runbook=BOOK).at.button]
    assert "Take over and continue…" in labels
    assert "Continue" not in labels
    confirmed(shown, lambda reason, over: shift.control().resume(shift.record.run, reason, over=over))
    assert shift.record.run in shift.stalled.tags[TAG]
    resumed = [event for event in shift.record.events() if event.kind == "run.resumed"]
    assert KIM in str(resumed[-1].data["taken_over_from"])


def test_read_only_shows_the_holder_and_takes_nothing_over(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(shift)
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    (button,) = [button for button in shift.open(runbook=BOOK).at.button if button.label == "Take over and start…"]
    assert button.disabled
