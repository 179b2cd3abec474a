"""From selected messages to a plan, its review and a run: what is shown, confirmed and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from dashboard.markup import dead_letters
from dashboard.pages import PAGES
from dashboard.services.dead_letter_service import LocalDeadLetterService
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Action, Selection
from tests.dashboard.app import App
from tests.fakes import sample_dead_letters
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
    for text in (
        "54 messages to redrive. Creating a plan sends nothing.",
        "Review: redrive 54 messages",
        "of 54 in the queue",
        "$0.00012",
        "their original source",
        "aborts if more than 20% fail again",
        "The oldest message expires in 2 days 4 h.",
        "sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:scilearn-jobs",
        "which the server-side move task cannot do",
    ):
        assert text in app.text, text
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


def test_invalid_edits_are_an_error_with_a_next_step(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Redrive")
    app.at.text_area(key="sets").set_value("params alpha")
    app.at.button(key="make-plan").click().run()
    assert not app.at.exception
    assert "Next step" in app.text
    assert "Review: redrive" not in app.text


def test_there_is_no_plan_without_messages(sample: Visit) -> None:
    app = sample("trouble").open(PAGE, do="Redrive", find="acme")
    app.at.session_state["find"] = "denied"
    app.at.run()
    assert app.at.button(key="make-plan").disabled, "no message is selected"


def test_the_confirmation_shows_what_will_happen(sample: Visit) -> None:
    app = planned(sample("trouble"))
    app.at.button(key="ask-redrive").click().run()
    assert "54 messages from scilearn-jobs-dead to their original source. Estimate: 4.2 s, $0.00012." in app.text
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
    run = sample_dead_letters.a_run(state)
    keys = {button.key for button in app.at.button}
    if state is RunState.DONE:
        assert "Running" not in app.text, "a finished run is not shown"
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
        assert "00000003-1111-4111-8111-111111111111" in app.text, "possible duplicates are listed"
    if state is RunState.FAILED:
        assert "MessageTooLong: over 1 MiB after edits" in app.text


def test_a_starting_run_is_shown_before_an_unfinished_one(sample: Visit) -> None:
    app = sample("run-starting")
    app.at.session_state["_shown_run"] = "20261124T041022-3f9a"
    app.open(PAGE)
    assert not app.at.exception
    assert "Starting the redrive…" in [bar.proto.text for bar in app.at.get("progress")]
    assert "Aborted by canary" not in app.text


def test_a_resumed_run_is_shown_with_what_it_has_done_before_its_ledger_has_an_entry(sample: Visit) -> None:
    app = sample("run-resuming")
    run = sample_dead_letters.a_run(RunState.INTERRUPTED)
    app.at.session_state["_shown_run"] = run.id
    app.open(PAGE)
    assert not app.at.exception
    assert "Resuming the redrive…" in app.text
    assert f"{run.succeeded:,} succeeded" in app.text
    assert not app.at.get("progress"), "it does not begin with nothing"
    assert "run-resume" not in {button.key for button in app.at.button}, "it is resumed once"


def test_no_plan_can_be_created_while_a_run_is_in_progress(sample: Visit) -> None:
    app = sample("run-running").open(PAGE, do="Redrive")
    assert "make-plan" not in {button.key for button in app.at.button}


def test_a_run_is_cancelled_by_its_button(sample: Visit) -> None:
    app = sample("run-running").open(PAGE)
    app.at.button(key="run-cancel").click().run()
    assert not app.at.exception


def test_a_stopping_move_task_shows_its_status_and_what_it_moved(sample: Visit) -> None:
    app = sample("run-stopping").open(PAGE)
    assert not app.at.exception
    button = app.at.button(key="run-cancel")
    assert (button.label, button.disabled) == ("Stopping…", True)
    assert "Stopping: messages in progress are finished or released first. SQS moves the messages" in app.text
    for text in (
        "Stopping",
        "35 moved by SQS (approximately)",
        "52 remaining",
        "approximately (move task)",
        "Missing",
    ):
        assert text in app.text, text
    assert "Time left" not in app.text and "is watched for" not in app.text, "it sends and watches nothing more"
    assert "Running" not in app.text


def test_what_a_move_task_took_counts_as_sent_until_it_is_known_by_message() -> None:
    run = sample_dead_letters.looping_move_task(sample_dead_letters.a_run(RunState.CANCELLED))
    assert "35 moved by SQS (approximately)" in dead_letters.run_bar(run)
    assert "52 remaining" in dead_letters.run_bar(run)
    assert "Stage 1, interrupted" in dead_letters.run_stages(run)
    settled = replace(run, sent=87, deleted=87, moved=90)
    assert "by SQS" not in dead_letters.run_bar(settled) + dead_letters.run_numbers(settled)
    stopped = replace(run, state=RunState.STOPPED, steps=(replace(run.steps[0], state="stopped"),))
    assert dead_letters.status_of(stopped)[1] == "Stopped", "not by the canary"
    assert dead_letters.status_of(sample_dead_letters.a_run(RunState.STOPPED))[1] == "Aborted by canary"


def test_the_resume_dialog_shows_what_a_move_task_took(sample: Visit) -> None:
    app = sample("run-circled").open(PAGE)
    app.at.button(key="run-resume").click().run()
    assert not app.at.exception
    assert (
        "87 of 87 messages remaining.\n\n• SQS has moved about 35 of them; which ones is determined first." in app.text
    )


def test_the_time_left_of_a_slow_run_is_by_its_limit() -> None:
    slow = replace(sample_dead_letters.a_run(RunState.RUNNING), rate=0.0, rate_limit=1.0)
    assert "31 min" in dead_letters.run_numbers(slow)
    assert "0<small>/s" not in dead_letters.run_numbers(slow), "the rate was measured while nothing was sent"


def test_a_run_that_sends_nothing_at_present_has_no_time_left() -> None:
    """Paused under load, or waiting for outcomes: the last rate says nothing about the end."""
    sending = sample_dead_letters.a_run(RunState.RUNNING)
    assert dead_letters.time_left_s(sending)
    paused = replace(sending, rate_limit=0.0)
    watching = replace(sending, steps=(*sending.steps[:-1], replace(sending.steps[-1], state="watching")))
    for run, why in ((paused, "paused under load"), (watching, "after this stage's outcomes")):
        assert dead_letters.time_left_s(run) is None
        assert why in unescape(dead_letters.run_numbers(run))


def test_the_resume_dialog_shows_first_what_failed_again(sample: Visit) -> None:
    app = sample("run-stopped").open(PAGE)
    app.at.button(key="run-resume").click().run()
    assert not app.at.exception
    assert "4 of 5 failed again, more than 20%.\n\nFix the cause before sending the rest." in app.text


def test_outcomes_of_a_cancelled_run_are_unknown_and_a_resumed_stage_was_aborted() -> None:
    done = sample_dead_letters.a_run(RunState.DONE)
    first, *between, last = done.steps
    steps = (
        replace(first, state="stopped"),
        *between,
        replace(last, state="ended early", waiting=63, succeeded=last.succeeded - 63),
    )
    run = replace(done, state=RunState.CANCELLED, waiting=63, succeeded=1_937, steps=steps)
    html = dead_letters.run_bar(run) + dead_letters.run_numbers(run) + dead_letters.run_stages(run)
    assert "63 sent, outcome unknown" in html
    assert "Stage 1, aborted, then resumed" in html
    assert "Stage 4, ended early" in html
    assert "pending" not in html.lower()


def test_a_closed_run_is_in_the_history(sample: Visit) -> None:
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


def test_the_local_service_plans_and_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_world(tmp_path, monkeypatch) as world:
        world.put([f'{{"n": {n}}}' for n in range(12)])
        service = LocalDeadLetterService(world.source)
        before = service.version()
        edits = service.parse_edits(["body.n=0"], "")
        plan = service.create_plan(Selection(), Action.REDRIVE, edits=edits)
        assert service.load_plan(plan.id) == plan
        previews = service.preview_messages(plan)
        assert sum('"n": 0' in preview.diff for preview in previews) >= len(previews) - 1
        assert {preview.added for preview in previews} == {("OriginalMessageId",)}
        assert service.runs() == ()
        assert service.run(plan.id) is None
        (world.source.runs_folder / f"{plan.id}.db").write_bytes(b"no ledger at all" * 400)
        assert service.runs() == ()
        (damaged,) = service.unreadable_runs()
        assert plan.id in damaged
        (world.source.runs_folder / f"{plan.id}.db").unlink()
        assert service.causes().messages == service.count(Selection()) == 12
        assert service.export_path("jsonl").parent.is_dir()
        assert service.version() == before
        assert service.audit() == ()
        assert not service.verify_audit().problems


def test_a_plan_is_not_shown_for_other_messages(sample: Visit) -> None:
    app = planned(sample("trouble"))
    app.at.text_input(key="find").set_value("job-00000").run()
    assert not app.at.exception
    assert "Review: redrive" not in app.text
    app.at.text_input(key="find").set_value("").run()
    assert "Review: redrive" in app.text
