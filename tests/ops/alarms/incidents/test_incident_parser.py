"""Incident files: what they become, and every finding of a wrong one with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.alarms.incidents import IncidentError, healthy, parse, points_of, read, shipped

MINIMAL = """title = "t"
start = 2026-03-02T10:00:00Z
length = "1h"

[[series]]
metric = "queue.NumberOfMessagesSent"
phases = [
  {from = "0m", to = "30m", value = 2},
  {from = "30m", to = "1h", value = 4},
]
"""


def findings(text: str) -> list[str]:
    with pytest.raises(IncidentError) as raised:
        parse(text, "a.toml")
    return [str(finding) for finding in raised.value.findings]


def test_shapes_of_phases() -> None:
    text = MINIMAL.replace(
        '  {from = "30m", to = "1h", value = 4},',
        """  {from = "30m", to = "34m", line = [1, 4]},
  {from = "34m", to = "38m", steps = [5, 9]},
  {from = "38m", to = "42m", cycle = [7, "-"]},
  {from = "50m", to = "51m", value = 3, samples = 5, late = "4m"},""",
    )
    incident = parse(text, "my-case.toml")
    assert incident.name == "my-case" and incident.quiet
    points = points_of(incident.series[0], incident.start, incident.length)
    by_minute = {(each.timestamp - incident.start) / 60: each for each in points}
    assert [by_minute[minute].maximum for minute in range(28, 38)] == [2, 2, 1, 2, 3, 4, 5, 5, 9, 9]
    assert [minute in by_minute for minute in range(38, 43)] == [True, False, True, False, False]
    late = by_minute[50]
    assert late.total == 15 and late.arrived == incident.start + 55 * 60 and late.unit == "Count"


def test_history_is_the_first_value_and_noise_is_the_same_each_time() -> None:
    incident = parse(MINIMAL.replace("value = 2", "value = 200, noise = 0.5"), "a.toml")
    points = points_of(incident.series[0], incident.start, 600, history=300)
    assert len(points) == 15 and points == points_of(incident.series[0], incident.start, 600, history=300)
    assert len({each.maximum for each in points}) > 5 and all(100 <= each.maximum <= 300 for each in points)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ('title = "t"', "", "a.toml:1: title is missing."),
        ('length = "1h"', 'length = "1 hour"', "a.toml:3: length is not a duration"),
        ('length = "1h"', 'length = "16d"', "a.toml:3: length is longer than 15 days"),
        ("start = 2026-03-02T10:00:00Z", 'start = "monday"', "a.toml:2: start is not a date with a time"),
        ("start = 2026-03-02T10:00:00Z", "start = 2026-03-02T10:00:30Z", "a.toml:2: start is not a whole minute"),
        ("2026-03-02T10:00:00Z", "0001-01-01T00:00:00+10:00", "a.toml:2: start is not between 2009 and 2200."),
        ("2026-03-02T10:00:00Z", "2026-03-02", "a.toml:2: start is not a date with a time"),
        ("value = 4", f"value = {10**400}", "a.toml:9: value is not a number"),
        (
            "value = 4",
            "cycle = [1, 2], samples = [1]",
            "a.toml:9: A list of samples goes with a cycle of the same length",
        ),
        ('from = "30m"', 'from = "20m"', "a.toml:9: The phase overlaps the one before it."),
        ('to = "1h"', 'to = "2h"', "a.toml:9: The phase ends after the incident."),
        ('to = "30m"', 'to = "90s"', "a.toml:8: The phase does not begin and end with a period of 60 s."),
        ("value = 4", "value = 4, line = [1, 2]", "a.toml:9: A phase has one of value, line, steps"),
        ("value = 4", 'value = "many"', "a.toml:9: value is not a number"),
        ("value = 4", "value = nan", "a.toml:9: value is not a number"),
        ("value = 4", "worth = 4", "a.toml:9: worth is not a key here"),
        ("queue.NumberOfMessagesSent", "queue.Depth", "a.toml:6: queue has no metric Depth"),
        ("queue.NumberOfMessagesSent", "topic.Sent", "a.toml:6: topic is not a role"),
        (
            "phases =",
            'unit = "Seconds"\nphases =',
            "a.toml:7: queue.NumberOfMessagesSent is published in Count, not in",
        ),
        ("phases =", 'period = "7m"\nphases =', "a.toml:7: A period is 10s, 20s, 30s, 1m or 5m."),
        ("phases =", 'relative_to = "memory"\nphases =', "a.toml:7: The table workload does not give memory."),
        ("[[series]]", "[workload]\nspeed = 3\n[[series]]", "a.toml:6: speed is not a setting of a workload"),
    ],
)
def test_a_finding_with_its_line(old: str, new: str, finding: str) -> None:
    assert finding in "\n".join(findings(MINIMAL.replace(old, new)))


EXPECTATIONS = """
[[must_page]]
says = ["stalled", "wobbly"]
from = "50m"
within = "20m"
because = "it stands still"

[[must_stay_silent]]
says = ["errors"]
from = "40m"
to = "30m"

[[expect_state]]
alarm = "jobs-age"
at = "2h"
state = "FINE"
"""


def test_findings_of_expectations_all_at_once() -> None:
    told = findings(MINIMAL + EXPECTATIONS)
    assert [each.split(": ")[0] for each in told] == [f"a.toml:{line}" for line in (13, 15, 18, 21, 25, 26)]
    assert "wobbly is not a kind of page" in told[0]
    assert "due after the end" in told[1]
    assert "because is missing" in told[2]
    assert "ends before it begins" in told[3]
    assert "after the end of the incident" in told[4]
    assert "FINE is not a state" in told[5]


def test_the_same_series_twice() -> None:
    twice = MINIMAL + MINIMAL[MINIMAL.index("[[series]]") :]
    assert findings(twice) == ["a.toml:12: queue.NumberOfMessagesSent is given twice, also in line 5."]


def test_what_is_no_toml_no_text_or_not_there(tmp_path: Path) -> None:
    assert findings('title = "t"\nlength = 1h\n')[0].startswith("a.toml:2: Not TOML")
    with pytest.raises(IncidentError, match="No such file"):
        read(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(IncidentError, match="Byte 10 is not valid UTF-8"):
        read(tmp_path / "binary.toml")


def test_those_that_are_shipped() -> None:
    names = [each.name for each in shipped()]
    assert names[0] == "stalled-pollers" and names[-1] == "quiet-day" and len(set(names)) == len(names)
    for each in shipped():
        assert each.story and each.inferred, each.name
        assert each.source.startswith(("https://", "A public log")) or each.quiet, each.name
        assert bool(each.must_page) != each.quiet, each.name
    assert not healthy().must_page
