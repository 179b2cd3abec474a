"""The start page: workloads as links, the worst first, or why there are none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dashboard.components.workload_rows import PAGE_SIZE
from dashboard.pages import START
from tests.dashboard.app import App
from tests.dashboard.app_pages.test_workload_box import loaded

Sample = Callable[[str], App]


def links(app: App) -> list[str]:
    return re.findall(r'<a class="so-book" href="([^"]*)"', app.html)


def test_each_workload_is_a_link_to_its_overview_with_what_is_known_of_it(sample: Sample) -> None:
    app = loaded(sample("trouble").open(START))
    assert links(app) == [
        "/?stack=scilearn",
        "/?queue=thumbnails",
        "/?stack=orders&amp;queue=orders-import",
        "/?stack=orders&amp;queue=orders-jobs",
        "/?stack=mailing-production-eu-west-1",
    ]
    assert "Workloads in eu-west-1" in app.text
    assert "Critical 54 dead letters, 2 alarms in ALARM" in " ".join(app.text.split())
    assert "OK" not in app.text, "the Overview checks more"


def test_the_links_keep_the_region_of_the_address(sample: Sample) -> None:
    app = loaded(sample("trouble").open(START, region="us-west-2"))
    assert links(app)[0] == "/?stack=scilearn&amp;region=us-west-2"


@pytest.mark.parametrize(
    ("name", "why"), [("empty", "No Lambda function reads an SQS queue here."), ("denied", "Workloads not listed")]
)
def test_without_a_list_it_says_why_and_what_can_be_done(sample: Sample, name: str, why: str) -> None:
    app = loaded(sample(name).open(START))
    assert links(app) == []
    assert app.text.count(why) == 2, "here and in the sidebar, which a phone hides"
    assert ".Type" not in re.sub(r"<[^>]+>", "", app.html), "sentences have a space between them"
    assert app.at.button(key="start-twin").label == "Start the twin"


def test_a_long_list_has_pages_and_says_what_it_did_not_check(sample: Sample) -> None:
    app = loaded(sample("huge").open(START))
    assert len(links(app)) == PAGE_SIZE
    limit = "Only the first 5 of 605 queues were checked, by name."
    assert app.text.count(limit) == 2, "here and in the sidebar, which a phone hides"


def test_foreign_names_are_text(sample: Sample) -> None:
    app = loaded(sample("hostile").open(START))
    assert not app.at.exception
    assert "<script>" not in app.html
