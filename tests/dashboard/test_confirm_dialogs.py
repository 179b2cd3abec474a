"""From chosen letters to a plan, its preview and a run: what is shown, what is asked, and what is impossible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.markup import dead_letters
from dashboard.pages import PAGES
from dashboard.services.dead_letter_service import LocalDeadLetterService
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Action, Selection
from tests.dashboard.app import App
from tests.fakes import dead_letter_service
from tests.fakes.dlq_world import a_world

Visit = Callable[[str], App]
PAGE = PAGES["dead_letters"]


def planned(app: App, tab: str = "Redrive") -> App:
    app.open(PAGE, do=tab)
    app.at.button(key="make-plan").click().run()
    return app


def test_a_plan_is_previewed_before_anything_moves(sample: Visit) -> None:
    app = planned(sample("trouble"))
    assert not app.at.exception
    for said in (
        "54 messages to redrive. Creating a plan sends nothing.",
        "Review: redrive 54 messages",
        "of 54 in the queue",
        "$0.000120",
        "their original source",
        "aborts if more than 20% fail again",
        "The oldest message expires in 2 days 4 h.",
        "sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:scilearn-jobs",
        "which the server-side move task cannot do",
    ):
        assert said in app.text, said
    app.at.button(key="ask-redrive").click().run()
    assert "You can stop it at any time; sent messages cannot be recalled." in app.text
    assert app.at.text_area(key="reason").value == ""


def test_edits_are_shown_as_a_diff(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Redrive")
    app.at.text_area(key="sets").set_value("body.params.alpha=0.1\nattributes.Tenant=other")
    app.at.button(key="make-plan").click().run()
    assert not app.at.exception
    diff = next(code for code in app.at.code if "+++" in code.value)
    assert diff.language == "diff"
    assert '"alpha": 0.1' in diff.value
    assert "other" in diff.value


def test_edits_that_make_no_sense_are_a_sentence(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Redrive")
    app.at.text_area(key="sets").set_value("params alpha")
    app.at.button(key="make-plan").click().run()
    assert not app.at.exception
    assert "Next step" in app.text
    assert "Review: redrive" not in app.text


def test_a_plan_that_cannot_be_made_says_why(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Redrive", find="acme")
    app.at.session_state["find"] = "denied"
    app.at.run()
    assert app.at.button(key="make-plan").disabled, "no letter is chosen"


def test_what_happens_is_said_before_it_is_sent(sample: Visit) -> None:
    app = planned(sample("trouble"))
    app.at.button(key="ask-redrive").click().run()
    assert "54 messages from scilearn-jobs-dead to their original source. Estimate: 4.2 s, $0.000120." in app.text
    assert "After each stage, waits up to 15 min for outcomes; aborts if more than 20% fail again." in app.text
    assert "Edits apply" not in app.text


def test_a_plan_can_be_discarded(sample: Visit) -> None:
    app = planned(sample("trouble"))
    app.at.button(key="discard-plan").click().run()
    assert "Review: redrive" not in app.text


def test_read_only_plans_but_does_not_send(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    app = planned(sample("trouble"))
    assert app.at.button(key="ask-redrive").disabled
    assert "This dashboard is read-only" in app.text
    app = sample("trouble").open(PAGE, do="Purge")
    assert "Purge is not available" in app.text
    assert not [button for button in app.at.button if button.key in ("ask-purge", "plan-purge")]
    app = sample("run-running").open(PAGE)
    assert app.at.button(key="run-cancel").disabled


@pytest.mark.parametrize("state", list(RunState), ids=[state.value for state in RunState])
def test_a_run_in_every_state(sample: Visit, state: RunState) -> None:
    app = sample(f"run-{state.value}").open(PAGE)
    assert not app.at.exception
    run = dead_letter_service.a_run(state)
    keys = {button.key for button in app.at.button}
    if state is RunState.DONE:
        assert "Running" not in app.text, "what is done is not in the way"
        return
    assert run.status_text in app.text
    assert "deployed version 8" in app.text
    assert ("run-cancel" in keys) == (state is RunState.RUNNING)
    assert ("run-resume" in keys) == (state is not RunState.RUNNING)
    if state is RunState.RUNNING:
        assert "Max rate now 47/s: the queue's oldest message is 40 s old, slowing." in app.text
        assert "1,840 remaining" in app.text
    if state is RunState.STOPPED:
        assert "Failed again with" in app.text
        assert "Sandbox.Timedout: Task timed out after … seconds" in app.text
    if state is RunState.INTERRUPTED:
        assert "00000003-1111-4111-8111-111111111111" in app.text, "what may have been sent twice is listed"
    if state is RunState.FAILED:
        assert "MessageTooLong: over 1 MiB after edits" in app.text


def test_a_run_that_starts_goes_before_one_that_waits(sample: Visit) -> None:
    app = sample("run-starting")
    app.at.session_state["_shown_run"] = "20261124T041022-3f9a"
    app.open(PAGE)
    assert not app.at.exception
    assert "Starting the redrive…" in [bar.proto.text for bar in app.at.get("progress")]
    assert "Aborted by canary" not in app.text


def test_a_run_that_is_resumed_starts_before_its_ledger_tells(sample: Visit) -> None:
    app = sample("run-resuming")
    app.at.session_state["_shown_run"] = dead_letter_service.a_run(RunState.INTERRUPTED).id
    app.open(PAGE)
    assert not app.at.exception
    assert "Starting the redrive…" in [bar.proto.text for bar in app.at.get("progress")]
    assert "run-resume" not in {button.key for button in app.at.button}, "not twice"


def test_nothing_is_planned_while_a_run_goes_on(sample: Visit) -> None:
    app = sample("run-running").open(PAGE, do="Redrive")
    assert 'href="#the-run"' in app.html
    assert 'id="the-run"' in app.html, "the link leads somewhere"
    assert "make-plan" not in {button.key for button in app.at.button}


def test_a_run_is_cancelled_by_its_button(sample: Visit) -> None:
    app = sample("run-running").open(PAGE)
    app.at.button(key="run-cancel").click().run()
    assert not app.at.exception


def test_a_move_task_that_is_being_stopped_says_so_and_what_it_moved(sample: Visit) -> None:
    app = sample("run-stopping").open(PAGE)
    assert not app.at.exception
    button = app.at.button(key="run-cancel")
    assert (button.label, button.disabled) == ("Stopping…", True)
    assert "Stopping: messages in progress are finished or released first. SQS moves the letters" in app.text
    for said in ("Stopping", "35 moved by SQS, about", "52 remaining", "about, by SQS's move task", "26 s"):
        assert said in app.text, said
    assert "Running" not in app.text


def test_what_a_move_task_took_counts_as_sent_until_it_is_known_letter_by_letter() -> None:
    run = dead_letter_service.circling(dead_letter_service.a_run(RunState.CANCELLED))
    assert "35 moved by SQS, about" in dead_letters.run_bar(run)
    assert "52 remaining" in dead_letters.run_bar(run)
    assert "Stage 1, interrupted" in dead_letters.run_stages(run)
    settled = replace(run, sent=87, deleted=87, moved=90)
    assert "by SQS" not in dead_letters.run_bar(settled) + dead_letters.run_numbers(settled)
    stopped = replace(run, state=RunState.STOPPED, steps=(replace(run.steps[0], state="stopped"),))
    assert dead_letters.status_of(stopped)[1] == "Stopped", "the canary did not do it"
    assert dead_letters.status_of(dead_letter_service.a_run(RunState.STOPPED))[1] == "Aborted by canary"


def test_resuming_says_what_a_move_task_took(sample: Visit) -> None:
    app = sample("run-circled").open(PAGE)
    app.at.button(key="run-resume").click().run()
    assert not app.at.exception
    assert (
        "87 of 87 messages remaining.\n\n• SQS has moved about 35 of them; which ones is determined first." in app.text
    )


def test_a_slow_run_tells_its_time_left_by_its_limit() -> None:
    slow = replace(dead_letter_service.a_run(RunState.RUNNING), rate=0.0, rate_limit=1.0)
    assert "31 min" in dead_letters.run_numbers(slow)
    assert "0<small>/s" not in dead_letters.run_numbers(slow), "nothing was sent in the moment that was measured"


def test_going_on_after_the_canary_says_what_came_back_first(sample: Visit) -> None:
    app = sample("run-stopped").open(PAGE)
    app.at.button(key="run-resume").click().run()
    assert not app.at.exception
    assert "4 of 5 came back, more than 20%.\n\nFix the cause before sending the rest." in app.text


def test_a_watch_that_was_ended_early_is_no_waiting_and_a_resumed_step_was_stopped() -> None:
    done = dead_letter_service.a_run(RunState.DONE)
    first, *between, last = done.steps
    steps = (
        replace(first, state="stopped"),
        *between,
        replace(last, state="ended early", waiting=63, succeeded=last.succeeded - 63),
    )
    run = replace(done, state=RunState.CANCELLED, waiting=63, succeeded=1_937, steps=steps)
    said = dead_letters.run_bar(run) + dead_letters.run_numbers(run) + dead_letters.run_stages(run)
    assert "63 sent, outcome unknown" in said
    assert "Stage 1, aborted, then resumed" in said
    assert "Stage 4, ended early" in said
    assert "pending" not in said.lower()


def test_a_run_can_be_closed_and_found_again(sample: Visit) -> None:
    app = sample("run-stopped").open(PAGE)
    app.at.button(key="run-close").click().run()
    assert "Aborted by canary" not in app.text
    app = sample("run-stopped").open(PAGE, do="History")
    assert list(app.at.dataframe[0].value["state"]) == ["Aborted by canary", "Done"]


def test_purging_needs_an_export_first(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Purge")
    assert not app.at.exception
    assert "A purge permanently deletes 54 messages from scilearn-jobs-dead" in app.text
    assert "plan-purge" not in {button.key for button in app.at.button}


def test_the_real_desk_plans_and_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_world(tmp_path, monkeypatch) as world:
        world.put([f'{{"n": {n}}}' for n in range(12)])
        here = LocalDeadLetterService(world.source)
        before = here.version()
        edits = here.edits(["body.n=0"], "")
        plan = here.plan(Selection(), Action.REDRIVE, edits=edits)
        assert here.saved(plan.id) == plan
        here.check(plan)
        previews = here.previews(plan)
        assert sum('"n": 0' in one.diff for one in previews) >= len(previews) - 1
        assert {one.put_on for one in previews} == {("OriginalMessageId",)}
        assert here.runs() == ()
        assert here.run(plan.id) is None
        (world.source.runs / f"{plan.id}.db").write_bytes(b"no ledger at all" * 400)
        assert here.runs() == ()
        (damaged,) = here.unreadable_runs()
        assert plan.id in damaged
        (world.source.runs / f"{plan.id}.db").unlink()
        assert here.causes().letters == here.count(Selection()) == 12
        assert here.export_path("jsonl").parent.is_dir()
        assert here.version() == before
        assert here.audit() == ()
        assert not here.verify_audit().problems


def test_a_plan_is_not_shown_for_other_letters(sample: Visit) -> None:
    app = planned(sample("trouble"))
    app.at.text_input(key="find").set_value("job-00000").run()
    assert not app.at.exception
    assert "Review: redrive" not in app.text
    app.at.text_input(key="find").set_value("").run()
    assert "Review: redrive" in app.text
