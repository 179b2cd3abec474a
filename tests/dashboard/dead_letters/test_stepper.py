"""The steps of a redrive: the one reached, the way back, progress, and a result that settles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest

from dashboard import theme
from dashboard.markup import dead_letters, stepper
from dashboard.pages import PAGES
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Action, Selection
from tests.dashboard.app import App
from tests.fakes import dead_letter_service
from tests.fakes.sample_dead_letters import a_plan, a_run, looping_move_task, settling_run

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]


def steps(app: App) -> dict[str, tuple[str, str]]:
    """State and text of each step, by its name."""
    found = re.findall(r'class="so-go so-(\w+).*?<b>(\w+)</b><span>(.*?)</span>', app.html, re.S)
    return {name: (state, unescape(text)) for state, name, text in found}


def test_the_steps_follow_a_redrive_from_selection_to_its_start(sample: Visit) -> None:
    app = sample("trouble").open(PAGE)
    assert steps(app)["Select"] == ("current", "54 messages")
    assert steps(app)["Run"] == ("open", "Not started")
    assert app.at.button(key="go-plan").disabled, "what is not reached yet cannot be opened"
    app.at.session_state["_next_tab"] = "Redrive"
    app.at.run()
    app.at.button(key="make-plan").click().run()
    assert steps(app)["Plan"] == ("current", "54 messages, canary, 3 stages")
    app.at.button(key="go-select").click().run()
    assert not app.at.exception
    assert app.at.dataframe, "back at the messages"
    app.at.button(key="go-plan").click().run()
    assert app.at.button(key="ask-redrive")
    app.at.button(key="discard-plan").click().run()
    assert steps(app)["Select"][0] == "current"


def test_a_starting_redrive_is_in_the_steps(sample: Visit) -> None:
    app = sample("run-starting")
    app.at.session_state["_shown_run"] = "20261124T041022-3f9a"
    app.open(PAGE)
    assert not app.at.exception
    assert steps(app)["Run"] == ("current", "Starting…")
    assert steps(app)["Result"] == ("open", "–")


def test_a_resumed_redrive_says_so_in_the_steps(sample: Visit) -> None:
    app = sample("run-resuming")
    run = a_run(RunState.INTERRUPTED)
    app.at.session_state["_shown_run"] = run.id
    app.open(PAGE)
    assert not app.at.exception
    assert steps(app)["Run"] == ("current", f"Resuming: {run.sent:,} of {run.planned:,} sent")


@pytest.mark.parametrize("state", list(RunState), ids=[state.value for state in RunState])
def test_a_run_in_every_state_is_in_the_steps(sample: Visit, state: RunState) -> None:
    app = sample(f"run-{state.value}").open(PAGE)
    assert not app.at.exception
    if state is RunState.DONE:
        assert steps(app)["Result"][0] == "open", "a redrive that is done is in the history"
        return
    running = state is RunState.RUNNING
    assert [shown[0] for shown in steps(app).values()] == [
        "done",
        "done",
        *(("current", "open") if running else ("done", "current")),
    ]
    if running:
        assert steps(app)["Run"][1] == "Stage 3 of 4: 160 of 2,000 · 47/s · 39 s left"
        assert 'aria-valuenow="8"' in app.html
    else:
        word = dead_letters.STATUS[state][1].removesuffix(" by canary")
        assert steps(app)["Result"][1].startswith(f"{word}: "), "in one line, beside the other steps"


def test_progress_is_in_view_on_every_tab_and_leads_back_to_the_run(sample: Visit) -> None:
    app = sample("run-running").open(PAGE, do="Messages")
    assert "run-cancel" not in {button.key for button in app.at.button}
    assert steps(app)["Run"][1].startswith("Stage 3 of 4: 160 of 2,000")
    app.at.button(key="go-run").click().run()
    assert not app.at.exception
    assert app.at.button(key="run-cancel")
    app.at.button(key="go-plan").click().run()
    assert "Plan: redrive 2,000 messages" in app.text
    assert "ask-redrive" not in {button.key for button in app.at.button}, "it has been started already"


def settling(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr(dead_letter_service.Changing, "current", run)


def test_a_result_settles_until_each_outcome_is_known(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    going, done = a_run(RunState.RUNNING), a_run(RunState.DONE)
    sent = settling_run(going)
    settling(monkeypatch, sent)
    app = sample("run-changing").open(PAGE)
    assert steps(app)["Run"][1] == "Stage 4 of 4: waiting for 63 outcomes"
    text = re.sub(r" +", " ", app.text)
    assert "Settling Nothing is left to send; 63 outcomes pending. They are watched for up to 15 min." in text
    assert app.at.button(key="run-cancel").label == "Stop watching"
    assert "Time left" not in text, "nothing is sent any more"
    assert "Max rate now" not in text
    settling(monkeypatch, replace(sent, state=RunState.DONE, ended=done.ended))
    app.at.run()
    assert not app.at.exception
    assert steps(app)["Result"] == ("current", "Done: 1,937 succeeded"), "it stays on the page once it has ended"
    assert "Watch time is up" in app.text
    assert "63 outcomes still unknown. The next scan finds messages that failed again" in app.text
    settling(monkeypatch, replace(done, succeeded=1_937, failed_again=63))
    app.at.run()
    assert not app.at.exception
    assert "Every outcome is known." in app.text
    assert "1,937 succeeded, 63 failed again" in steps(app)["Result"][1]


def test_the_sample_of_a_settling_redrive_is_drawn(sample: Visit) -> None:
    app = sample("run-settling").open(PAGE)
    assert not app.at.exception
    assert "Nothing is left to send; 63 outcomes pending." in app.text


def test_a_result_leads_to_its_audit_entry(sample: Visit) -> None:
    app = sample("run-stopped").open(PAGE)
    (link,) = [link.proto for link in app.at.get("page_link") if link.proto.label == "Audit entry"]
    assert link.page.endswith("audit")
    assert link.query_string == f"audit-find={a_run(RunState.STOPPED).id}"


@pytest.mark.parametrize(
    ("run", "title", "text"),
    [
        (replace(a_run(RunState.STOPPED), sent=0, succeeded=0, failed_again=0), "Settled", "Nothing was sent."),
        (replace(a_run(RunState.DONE), succeeded=0), "Settled", "2,000 outcomes not tracked."),
        (
            a_run(RunState.CANCELLED),
            "Watching ended early",
            "48 outcomes still unknown. Resume to send the rest and watch",
        ),
        (
            replace(a_run(RunState.CANCELLED), sent=2_000),
            "Watching ended early",
            "48 outcomes still unknown. Resume to watch",
        ),
        (a_run(RunState.RUNNING), "Outcomes", "48 outcomes pending."),
    ],
    ids=["nothing", "untracked", "cancelled", "watched", "sending"],
)
def test_the_result_says_whether_it_is_settled(run: Run, title: str, text: str) -> None:
    settlement = dead_letters.settlement(run, None)
    assert (settlement.title, settlement.text[: len(text)]) == (title, text)
    assert settlement.open == bool(run.waiting)


def test_what_a_move_task_moved_is_not_called_unsent() -> None:
    cancelled = dead_letters.settlement(looping_move_task(a_run(RunState.CANCELLED)), None)
    assert cancelled.open
    assert cancelled.text == (
        "SQS moved about 35 messages; which ones is not known. The next scan shows what is left in the DLQ."
    )
    going = dead_letters.settlement(looping_move_task(a_run(RunState.RUNNING)), None)
    assert going.text == "No outcomes pending."


def test_stages_are_those_of_the_plan_though_a_run_has_only_those_that_it_started() -> None:
    plan = a_plan(tuple(map(str, range(2_000))), Selection(), Action.REDRIVE)
    run = a_run(RunState.RUNNING)
    early = replace(run, steps=(replace(run.steps[2], number=1, upto=5),), sent=3)
    _, _, going, _ = stepper.redrive_steps("1 message", plan, early)
    assert going.text.startswith("Stage 1 of 4: 3 of 2,000")
    stages = dead_letters.run_stages(early, dead_letters.stage_ends(plan))
    assert "Stage 1, sending" in stages
    assert stages.count("not started") == 3
    assert re.findall(r"<b>(.*?)</b>", stages) == ["5 messages", "15 messages", "180 messages", "1,800 messages"]


def test_few_messages_have_fewer_stages_than_the_plan_has_sizes() -> None:
    plan = a_plan(tuple("abcde"), Selection(), Action.REDRIVE)
    assert len(plan.steps.sizes) == 4
    assert stepper.redrive_steps("5 messages", plan, None)[stepper.PLAN].text == "5 messages, canary, 1 stage"


def test_a_resumed_redrive_is_of_the_messages_of_its_plan() -> None:
    run = a_run(RunState.CANCELLED)
    assert stepper.redrive_steps("22 messages", None, run, starting=True)[stepper.SELECT].text == "2,000 messages"


def test_a_redrive_whose_messages_failed_again_is_done_but_no_success() -> None:
    clean = a_run(RunState.DONE)
    failed = replace(clean, succeeded=0, failed_again=2_000)
    assert dead_letters.status_of(clean) == (theme.SUCCESS, "Done")
    assert dead_letters.status_of(failed) == (theme.WARNING, "Done")
    assert stepper.redrive_steps("", None, failed)[stepper.RESULT].colour == theme.WARNING
    assert dead_letters.status_of(replace(clean, failed=1))[0] == theme.WARNING, "the destination rejected one"


def test_the_steps_of_a_move_task_count_what_sqs_has_moved() -> None:
    run = looping_move_task(a_run(RunState.RUNNING))
    plan = a_plan(("a",), Selection(), Action.REDRIVE)
    _, _, going, _ = stepper.redrive_steps("1 message", plan, run)
    assert going.text == "35 of 87 · 2/s · 26 s left"
    assert going.share == pytest.approx(35 / 87)
    _, _, stopping, _ = stepper.redrive_steps("1 message", plan, replace(run, stopping=True))
    assert stopping.text == "stopping, 35 of 87 sent"


def test_a_scan_keeps_its_count_when_its_messages_are_redriven(sample: Visit) -> None:
    some = sample("some-redriven").open(PAGE)
    assert "54 messages scanned at" in some.text
    assert "4 redriven or deleted since." in some.text
    every = sample("all-redriven").open(PAGE)
    assert not every.at.exception
    assert "54 redriven or deleted since." in every.text
    assert "All 54 of the last scan were redriven or deleted." in every.text
    assert "The last scan found none" not in every.text
