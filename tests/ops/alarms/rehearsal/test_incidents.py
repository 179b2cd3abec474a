"""The shipped incidents against the catalogue's alarms for the reference workload: each is paged for, nothing wrongly."""

from __future__ import annotations

from functools import cache

import pytest

from ops.alarms.catalogue import CatalogueOptions, InitBaseline, JobMetrics, recommend
from ops.alarms.incidents import parse, shipped
from ops.alarms.rehearsal import PageOutcome, Rehearsal, rehearse, roles_of
from ops.doctor.template import workloads
from ops.twin import deploy
from tests.ops.alarms.rehearsal.alarms import TOPIC
from tests.template.resources import TEMPLATE

NAMES = [each.name for each in shipped()]


@cache
def rehearsed() -> Rehearsal:
    workload = workloads.read(TEMPLATE, {}).workloads[0]
    options = CatalogueOptions(actions=(TOPIC,), extension=True, jobs=JobMetrics("SciLearn", "service", "scilearn"))
    recommended = recommend(workload, options)
    return rehearse([each.definition for each in recommended.alarms], shipped(), roles_of(workload))


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_pages_for_it_in_time_and_for_nothing_else(name: str) -> None:
    (result,) = (each for each in rehearsed().incidents if each.incident.name == name)
    assert not result.missed and not result.wrong
    assert set(result.unscaled) <= {"account_concurrency"}, "a template does not know it"
    assert not [each for each in result.alarms if each.outcome is PageOutcome.NOT_CHECKED]


def test_alarms_over_retries_that_come_soon_do_not_clear_themselves_either() -> None:
    """The twin's visibility timeout is short, and with it the period that holds a retry."""
    workload = workloads.read(TEMPLATE, deploy.parameters(cores=2)).workloads[0]
    recommended = recommend(workload, CatalogueOptions(actions=(TOPIC,), only=("function-errors-recurring",)))
    lasting = [each for each in shipped() if each.name in ("alarm-clears-itself", "poison-timeouts")]
    result = rehearse([each.definition for each in recommended.alarms], lasting, roles_of(workload))
    assert [incident.required[0].outcome for incident in result.incidents] == [PageOutcome.PAGED] * 2


SLOWER_INIT = """
title = "A deployment that starts twice as slowly"
start = 2026-03-02T08:00:00Z
length = "8h"
story = "Version 8 imports a library more. Every hour ten environments start."
healthy_otherwise = true

[[series]]
metric = "invocations.InitDuration"
phases = [
  {from = "0m", to = "4h", cycle = [2000, "-", "-", "-", "-", "-"], samples = [1, 1, 1, 1, 1, 1]},
  {from = "4h", to = "8h", cycle = [4200, "-", "-", "-", "-", "-"], samples = [1, 1, 1, 1, 1, 1]},
]

[[must_page]]
says = ["cold-starts"]
from = "4h"
within = "2h"
because = "Each environment of the new version takes twice as long to start."
"""


@pytest.mark.parametrize(
    ("before", "outcome"),
    [(InitBaseline(7, 2_100, 340), PageOutcome.PAGED), (None, PageOutcome.NEVER)],
    ids=["compared with the version before", "without a comparison"],
)
def test_a_version_that_starts_more_slowly(before: InitBaseline | None, outcome: PageOutcome) -> None:
    workload = workloads.read(TEMPLATE, {}).workloads[0]
    options = CatalogueOptions(actions=(TOPIC,), extension=True, only=("init-slower",), init_before=before)
    definitions = [each.definition for each in recommend(workload, options).alarms]
    (result,) = rehearse(definitions, [parse(SLOWER_INIT, "slower-init.toml")], roles_of(workload)).incidents
    assert (result.required[0].outcome, len(result.wrong)) == (outcome, 0)


def test_all_of_the_published_ones_are_there() -> None:
    assert NAMES == [
        "stalled-pollers",
        "in-flight-quota",
        "one-tenant-burst",
        "slow-past-deadline",
        "dlq-consumer-loop",
        "dlq-drained-unseen",
        "delivery-broken",
        "alarm-clears-itself",
        "dlq-expires-on-arrival",
        "returned-without-delete",
        "throttled-into-dlq",
        "poison-timeouts",
        "late-metrics",
        "out-of-memory",
        "quiet-day",
    ]


def test_rows_of_the_catalogue_page_for_the_incidents_that_they_name() -> None:
    workload = workloads.read(TEMPLATE, {}).workloads[0]
    by_name = {each.incident.name: each for each in rehearsed().incidents}
    wrong = []
    for row in recommend(workload, CatalogueOptions(extension=True)).alarms:
        for name in row.incidents:
            (alarm,) = (each for each in by_name[name].alarms if each.alarm == row.name)
            if not alarm.pages:
                wrong.append(f"{row.id}: {name}")
    assert not wrong
