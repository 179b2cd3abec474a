"""The box of workloads in the sidebar: it lists, searches, and puts the choice into the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.components.workload_box import workload_lists
from dashboard.components.workload_choice import WorkloadChoice, parse_choice
from dashboard.pages import PAGES
from dashboard.services.workload_lists import WorkloadLists
from ops.errors import OpsError
from ops.insight.report_types import Level
from ops.target import Target
from tests.dashboard.app import App
from tests.dashboard.samples.series import HOSTILE
from tests.dashboard.samples.workload_lists import USUAL, listed

Sample = Callable[[str], App]


def box(app: App) -> Any:
    return app.at.selectbox(key="workload")


def enter(app: App, text: str) -> None:
    """Choose a label, or type what is not among them, which AppTest has no call for."""
    found = box(app)
    if text not in map(parse_label, found.options):
        found.options.append(text)
    found.set_value(text).run()
    assert not app.at.exception


def parse_label(label: str) -> str:
    return parse_choice(label).text


def loaded(app: App) -> App:
    """After the list has come, and the box has looked for it again."""

    def unused(place: Target) -> Any:
        raise AssertionError("the app's own is cached")

    workload_lists(unused).wait(app.at.session_state["_place"], 20)
    app.at.run()
    assert not app.at.exception
    return app


def chosen(app: App) -> tuple[str | None, str | None]:
    target = app.at.session_state["_page_context"].selection.target
    return target.stack, target.queue


def test_the_page_is_there_before_the_list(sample: Sample) -> None:
    app = sample("trouble").open()
    assert "so-finding" in app.html
    assert box(app).options == ["scilearn"]
    assert box(app).value == "scilearn"
    assert "Listing workloads" in app.text


def test_the_list_has_levels_in_words_and_claims_no_ok(sample: Sample) -> None:
    app = loaded(sample("trouble").open())
    assert box(app).options == [
        "◆ Critical · scilearn · 54 dead letters, 2 alarms in ALARM",
        "◆ Critical · queue:thumbnails · event source mapping disabled",
        "◆ Warning · orders queue:orders-import · no dead-letter queue",
        "orders queue:orders-jobs",
        "mailing-production-eu-west-1",
    ]
    assert "5 workloads, 2 Critical" in app.text


@pytest.mark.parametrize(
    ("typed", "stack", "queue"),
    [
        ("queue:thumbnails", None, "thumbnails"),
        ("orders queue:orders-jobs", "orders", "orders-jobs"),
        ("orders-jobs", "orders", "orders-jobs"),
        ("THUMB", None, "thumbnails"),
        ("mailing", "mailing-production-eu-west-1", None),
        ("orders", "orders", None),
        ("elsewhere", "elsewhere", None),
        ("stack:thumb", "thumb", None),
        ("queue:thumb", None, "thumb"),
        ("arn:aws:sqs:eu-west-1:1:x", None, "arn:aws:sqs:eu-west-1:1:x"),
        ("◆ Critical · scilearn · 53 dead letters", "scilearn", None),
    ],
)
def test_a_choice_is_in_the_address_and_the_pages_target(
    sample: Sample, typed: str, stack: str | None, queue: str | None
) -> None:
    app = loaded(sample("trouble").open())
    enter(app, typed)
    assert chosen(app) == (stack, queue)
    assert (app.at.text_input(key="stack").value, app.at.text_input(key="queue").value) == (stack or "", queue or "")
    assert box(app).value == WorkloadChoice(stack, queue).text
    app.at.switch_page("../../dashboard/app_pages/cost.py").run()
    assert chosen(app) == (stack, queue), "on every page"


@pytest.mark.parametrize(
    ("query", "target", "shown"),
    [
        ({"stack": "orders"}, ("orders", None), "orders"),
        (
            {"queue": "thumbnails"},
            (None, "thumbnails"),
            "◆ Critical · queue:thumbnails · event source mapping disabled",
        ),
        ({"stack": "a", "queue": "b"}, ("a", "b"), "a queue:b"),
    ],
)
def test_a_link_counts_more_than_the_environment(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], target: Any, shown: str
) -> None:
    app = sample("trouble")
    monkeypatch.setenv("OPS_QUEUE", "of-the-environment")
    loaded(app.open(PAGES["queue"], **query))
    assert chosen(app) == target
    assert shown in box(app).options


def test_clearing_the_box_leads_back_to_the_environments_workload(sample: Sample) -> None:
    app = loaded(sample("trouble").open(stack="orders"))
    box(app).set_value(None).run()
    assert chosen(app) == ("scilearn", None)
    assert box(app).value == "scilearn"


def test_a_missing_permission_is_named_and_names_can_be_typed(sample: Sample) -> None:
    app = loaded(sample("denied").open())
    assert "Workloads not listed: arn:aws:iam::123456789012:user/reader is not authorized" in app.text
    assert "lambda:ListEventSourceMappings" in app.text
    enter(app, "queue:typed")
    assert chosen(app) == (None, "typed")


def test_an_empty_account_says_what_to_do(sample: Sample) -> None:
    app = loaded(sample("empty").open())
    assert "No Lambda function reads an SQS queue here. Check the region" in app.text


def test_a_list_that_is_not_complete_says_so(sample: Sample) -> None:
    app = loaded(sample("huge").open())
    assert "Only the first 5 of 605 queues were checked" in app.text
    assert "605 workloads" in app.text


def test_names_are_text(sample: Sample) -> None:
    app = loaded(sample("hostile").open())
    assert any(HOSTILE in label for label in box(app).options), "options are drawn as text"
    assert "<script>" not in app.html.split("workloads, ")[1].split("Region")[0]


def test_refresh_lists_again(sample: Sample) -> None:
    app = loaded(sample("trouble").open())
    lists = workload_lists(lambda place: listed())
    place = app.at.session_state["_place"]
    first = lists.state(place).at
    app.at.button(key="look-now").click().run()
    assert lists.wait(place, 20).at > first


def test_a_list_is_loaded_once_and_its_error_is_kept() -> None:
    calls: list[Target] = []

    def fail(place: Target) -> Any:
        calls.append(place)
        raise RuntimeError("broken")

    lists, place = WorkloadLists(fail), Target(region="eu-west-1")
    lists.load(place, 0.0)
    lists.load(place, 0.0)
    state = lists.wait(place, 20)
    assert isinstance(state.error, OpsError) and "RuntimeError: broken" in str(state.error)
    lists.load(place, state.at - 1)
    assert len(calls) == 1
    for number in range(40):
        lists.load(Target(region=f"r{number}"), 0.0)
        lists.wait(Target(region=f"r{number}"), 20)
    assert lists.state(place).at == 0.0, "places that no one looks at are forgotten"


def test_texts_are_read_back() -> None:
    for choice in (
        WorkloadChoice("shop"),
        WorkloadChoice(queue="orders.fifo"),
        WorkloadChoice("shop", "orders"),
        WorkloadChoice(queue="https://sqs.eu-west-1.amazonaws.com/1/q"),
        WorkloadChoice("arn:aws:cloudformation:eu-west-1:1:stack/shop/0"),
        WorkloadChoice(),
    ):
        assert parse_choice(choice.text) == choice
    assert all(row.level is not Level.OK for row in USUAL)
