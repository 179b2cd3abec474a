"""The page of alarms: what fires, who is notified, and the settings that will go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from ops.errors import OpsError
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.coverage import Coverage
from ops.insight.reports.alarms_page.report import AlarmsReport
from ops.insight.reports.alarms_page.rows import COMPOSITE
from tests.dashboard.app import App
from tests.dashboard.samples.alarm_reports import AlarmReports

Visit = Callable[[str], App]
ALARMS = PAGES["alarms"]


def test_what_fires_and_who_is_told(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert not app.at.exception
    assert "2 of 5 alarms are in ALARM" in app.text
    assert "5 reach no one" in app.text
    assert app.html.index("dead-letters</b>") < app.html.index("function-errors</b>")
    assert "scilearn-alarms" in app.text and "reaches no one" in app.text
    assert "In ALARM 2 times, for" in app.html, "a lane is also words"
    assert "$1.10" in app.text


def test_nothing_fires_and_someone_is_notified(sample: Visit) -> None:
    app = sample("fine").open(ALARMS)
    assert "None of 5 alarms is in ALARM" in app.text
    assert "scilearn-alarms" in app.text and "delivered " in app.text
    assert "1 reaches no one" in app.text, "one has no action"


def test_a_delivered_alarm_says_nothing_of_a_policy_that_refuses(sample: Visit) -> None:
    app = sample("fine").open(ALARMS)
    assert "CloudWatch published the last notification." in app.text
    assert "does not let CloudWatch publish" not in app.text


def test_a_muted_alarm_is_named_in_its_row_and_its_details(sample: Visit) -> None:
    app = sample("alarm-muted").open(ALARMS)
    assert not app.at.exception
    assert app.text.count("muted now") == 1
    assert "Muted now by mute rule ops-20261129T021112-7f3a" in app.text


def test_the_first_alarm_is_shown_and_a_click_shows_another(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert app.chart_titles == ["Messages visible of dead-letters"]
    assert "Evaluates the last 3 periods of 30 s (shaded), and fires when 3 of them breach: 3 do now." in app.text
    app.at.button(key="choose-alarm-1").click().run()
    assert not app.at.exception
    assert app.chart_titles == ["Messages visible of oldest-message-age"]
    assert app.at.query_params["alarm"] == "scilearn-oldest-message-age"


def test_the_address_selects_an_alarm(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS, alarm="scilearn-page-me")
    assert not app.chart_titles, "a composite alarm has no metric"
    assert 'ALARM("scilearn-dead-letters") OR ALARM("elsewhere")' in app.text
    assert "not of this workload" in app.text


def test_the_chart_shades_the_window_and_keeps_zeros(sample: Visit) -> None:
    (chart,) = sample("fine").open(ALARMS).charts
    shapes = chart["layout"]["shapes"]
    assert [shape["type"] for shape in shapes].count("rect") == 1
    assert [shape["type"] for shape in shapes].count("line") == 1, "the threshold"


def test_the_doctors_findings_have_their_change(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert "Dead letters expire on arrival." in app.text
    codes = [code.value for code in app.at.code]
    assert "aws sqs set-queue-attributes" in codes
    assert "MessageRetentionPeriod: 1209600" in codes
    assert "ops doctor --queue scilearn-jobs" in codes
    assert "xray-sdk: what an image holds cannot be seen." in app.text


def test_checks_are_made_once_and_not_at_each_refresh(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[AlarmChecks] = []

    def count(self: AlarmReports) -> AlarmChecks:
        made.append(check(self))
        return made[-1]

    check = AlarmReports.alarm_checks
    monkeypatch.setattr(AlarmReports, "alarm_checks", count)
    app = sample("trouble").open(ALARMS)
    app.at.button(key="look-now").click().run()
    app.at.button(key="choose-alarm-1").click().run()
    assert not app.at.exception
    assert "5 reach no one" in app.text
    assert len(made) == 1


def test_the_reason_for_the_threshold_and_the_way_to_someone(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert "A message that failed for good is never normal, so the first one counts." in app.text
    assert "KMS key is disabled" in app.text
    assert "Add to the policy of scilearn-alarms:" in app.text
    assert "aws sns set-topic-attributes" in [code.value for code in app.at.code]
    app.at.button(key="choose-alarm-1").click().run()
    assert "Why this threshold  Not in the catalogue: the reason is not known." in app.text


def test_a_composite_alarm_has_no_threshold_to_explain(sample: Visit) -> None:
    text = sample("trouble").open(ALARMS, alarm="scilearn-page-me").text
    assert "Why this alarm" in text
    assert "Why this threshold" not in text


def test_what_a_rehearsal_finds(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert "These alarms would have paged for 1 of 2 published incidents." in app.text
    assert "1 incident would not page" in app.text
    assert "Recommended: stalled ($0.90 per month)." in app.text
    assert "scilearn-dead-letters after 4 min" in app.text
    assert "would not page" not in sample("fine").open(ALARMS).text


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), OpsError("No incident is there.")])
def test_a_rehearsal_that_fails_leaves_the_page(
    sample: Visit, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: AlarmReports, checks: AlarmChecks) -> Coverage:
        raise error

    monkeypatch.setattr(AlarmReports, "alarm_coverage", fail)
    app = sample("trouble").open(ALARMS)
    assert "The alarms could not be rehearsed" in app.text
    assert "1 alarm of the catalogue, $0.90 per month in total (eu-west-1 prices)." in app.text
    assert "division by zero" not in app.text


def test_redrives_and_deployments_are_marked_on_the_week(sample: Visit) -> None:
    page = sample("trouble").open(ALARMS).html
    marks = dict(re.findall(r'<i style="left:([\d.]+)%;--w:[\d.]+%;--c:[^"]*" title="(\w+): ', page))
    by_kind = {kind: float(left) for left, kind in marks.items()}
    assert by_kind["Deployment"] < by_kind["Redrive"] < by_kind["Configuration"]
    assert 60 < by_kind["Redrive"] < 70, "2.5 days ago, of 7"
    assert 'title="Redrive: ' not in sample("fine").open(ALARMS).html


def test_recommended_alarms_that_are_missing(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    assert "1 alarm of the catalogue, $0.90 per month in total (eu-west-1 prices)." in app.text
    assert "has no reader" in app.text, "with its reason"
    (commands,) = [code.value for code in app.at.code if "alarms diff" in code.value]
    topic = "--topic arn:aws:sns:eu-west-1:123456789012:scilearn-alarms --queue scilearn-jobs"
    assert commands.splitlines() == [f"ops alarms {verb} {topic}" for verb in ("diff", "apply", "export")]


def test_the_runbook_opens_with_the_alarm_filled_in(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS, stack="orders")
    assert 'href="/runbooks?stack=orders&amp;runbook=dead-letters&amp;alarm=scilearn-dead-letters"' in app.html
    commands = [code.value for code in app.at.code if "runbook run" in code.value]
    assert commands == ["ops runbook run dead-letters --queue scilearn-jobs"], "of the one to follow"
    assert "Also for this alarm: Redrive dead letters · Poison message" in " ".join(app.text.split())


def test_names_of_others_are_text(sample: Visit) -> None:
    app = sample("hostile").open(ALARMS)
    assert not app.at.exception
    assert "<script>document.title" not in app.html
    assert "<img src=x" not in app.html
    labels = [button.label for button in app.at.button]
    assert not [label for label in labels if "bold" in label], "labels are Markdown"


def test_a_workload_without_alarms_says_what_that_means(sample: Visit) -> None:
    app = sample("empty").open(ALARMS)
    assert "no one is notified when it fails" in app.text
    assert "No alarms" in app.text


def test_many_alarms_are_searched_page_by_page(sample: Visit) -> None:
    app = sample("many-alarms").open(ALARMS)
    assert app.html.count('class="so-lane"') == 12
    assert "of 204" in app.text
    app.at.text_input(key="alarms-find").set_value("throttles-7").run()
    assert not app.at.exception
    assert app.html.count('class="so-lane"') == 1
    app.at.text_input(key="alarms-find").set_value("no such alarm").run()
    assert "No alarm matches" in app.text


def test_denied_is_a_sentence(sample: Visit) -> None:
    app = sample("denied").open(ALARMS)
    assert not app.at.exception
    assert "may not call cloudwatch:GetMetricData" in app.text


def test_a_test_says_whom_it_notifies(sample: Visit) -> None:
    app = sample("fine").open(ALARMS)
    app.at.button(key="test-alarm").click().run()
    assert "That notifies, for real:" in app.text
    assert "email oncall@example.com" in app.text
    assert app.at.button(key="test-confirmed").label == "Notify them"
    assert app.at.text_input(key="test-words").value == ""


@pytest.mark.parametrize(
    ("alarm", "ending"),
    [
        ("scilearn-dead-letters", "CloudWatch sets the state back at its next evaluation."),
        (
            "scilearn-page-me",
            "The state is set back to OK afterwards, unless the alarm is in ALARM in earnest by then.",
        ),
    ],
)
def test_a_test_says_how_the_state_ends(sample: Visit, alarm: str, ending: str) -> None:
    app = sample("fine").open(ALARMS, alarm=alarm)
    app.at.button(key="test-alarm").click().run()
    assert ending in app.text


def test_an_alarm_that_stops_something_is_not_tested_from_the_page(sample: Visit) -> None:
    app = sample("fine").open(ALARMS, alarm="scilearn-error-share")
    app.at.button(key="test-alarm").click().run()
    assert "would also carry out, for real: arn:aws:automate:eu-west-1:ec2:terminate." in app.text
    assert not [button for button in app.at.button if button.key == "test-confirmed"]


def test_an_alarm_that_tells_no_one_cannot_be_tested(sample: Visit) -> None:
    app = sample("fine").open(ALARMS, alarm="scilearn-function-errors")
    app.at.button(key="test-alarm").click().run()
    assert "Nothing could arrive. It has no topic of this region and account to watch." in app.text
    assert not [button for button in app.at.button if button.key == "test-confirmed"]


def test_an_alarm_in_alarm_is_not_tested(sample: Visit) -> None:
    app = sample("trouble").open(ALARMS)
    button = app.at.button(key="test-alarm")
    assert button.disabled
    assert "only a change to ALARM notifies" in button.help
    assert "only a change to ALARM notifies" in app.text, "a phone shows no tooltip"


def test_nothing_is_tested_in_read_only_mode(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    button = sample("fine").open(ALARMS).at.button(key="test-alarm")
    assert button.disabled
    assert "read-only" in button.help


def test_a_part_that_may_not_be_read_is_named(sample: Visit) -> None:
    app = sample("partly-denied").open(PAGES["alarms"])
    assert "The alarms cannot be read." in app.text
    assert "Delivery and settings could not be checked: missing permission" in app.text
    assert "not checked" in app.text
    assert "being checked" not in app.text, "the check has ended"


def test_a_composite_alarm_leads_to_the_runbooks_behind_it(sample: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    make = AlarmReports.alarms

    def without_own(self: AlarmReports, span: TimeRange, chosen: str) -> AlarmsReport:
        found = make(self, span, chosen)
        rows = (replace(row, name="scilearn-all") if row.kind == COMPOSITE else row for row in found.rows)
        return replace(found, rows=tuple(rows), chosen="scilearn-all")

    monkeypatch.setattr(AlarmReports, "alarms", without_own)
    app = sample("trouble").open(ALARMS, alarm="scilearn-all")
    assert not app.at.exception
    assert "Runbook of dead-letters (in ALARM): runbooks/dead-letters.md" in " ".join(app.text.split())
    assert "ops runbook run dead-letters --queue scilearn-jobs" in [code.value for code in app.at.code]
    assert "runbook=dead-letters&amp;alarm=scilearn-all" in app.html, "in its row, too"
