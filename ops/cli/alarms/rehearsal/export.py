"""A rehearsal for programs and reviews: plain values for JSON, Markdown for pull requests, JUnit for CI."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ops.alarms.rehearsal import IncidentRehearsal, PageOutcome, Rehearsal, Suggestion
from ops.cli.alarms.rehearsal import words
from ops.cli.output.sanitize import safe


def plain(result: Rehearsal, suggestions: tuple[Suggestion, ...], label: str, notes: tuple[str, ...]) -> dict[str, Any]:
    """The result as JSON has it; ``label``: whose alarms were rehearsed."""
    return {
        "alarms_of": label,
        "passed": result.passed,
        "paged": result.paged,
        "missed": result.missed,
        "wrong": result.wrong,
        "quiet_pages": result.quiet_pages,
        "max_delay_min": result.max_delay_min,
        "incidents": [_plain_incident(each) for each in result.incidents],
        "suggestions": [
            {
                "incident": suggestion.incident,
                "says": list(suggestion.required.says),
                "rows": [{"id": row, "minutes": delay} for row, delay in suggestion.rows],
                "skipped": [{"id": row, "why": why} for row, why in suggestion.skipped],
            }
            for suggestion in suggestions
        ],
        "notes": list(notes),
    }


def _plain_incident(each: IncidentRehearsal) -> dict[str, Any]:
    incident = each.incident
    return {
        "name": incident.name,
        "title": incident.title,
        "source": incident.source,
        "quiet": incident.quiet,
        "passed": each.passed,
        "result": words.verdict(each),
        "required": [
            {
                "says": list(requirement.required.says),
                "because": requirement.required.because,
                "within_min": requirement.required.within / 60,
                "outcome": requirement.outcome.value,
                "alarm": requirement.alarm,
                "minutes": requirement.minutes,
            }
            for requirement in each.required
        ],
        "states": [{**vars(state.expected), "actual": state.actual, "holds": state.holds} for state in each.states],
        "alarms": [
            {
                "alarm": alarm.alarm,
                "outcome": alarm.outcome.value,
                "minutes": alarm.minutes,
                "why": alarm.why,
                "pages_min": [page.at / 60 for page in alarm.pages],
                "states": [{"min": state.at / 60, "state": state.state} for state in alarm.states],
            }
            for alarm in each.alarms
        ],
        "wrong": [{"alarm": page.alarm, "min": page.at / 60} for page in each.wrong],
        "beyond_metrics": [vars(beyond) for beyond in incident.beyond_metrics],
        "limits_not_known": list(each.unscaled),
    }


def markdown(result: Rehearsal, suggestions: tuple[Suggestion, ...], label: str) -> str:
    numbers = [str(number) for number, _ in enumerate(result.incidents, 1)]
    lines = [f"## Rehearsal of the alarms of {_md(label)}", "", words.headline(result), ""]
    lines += ["| # | Incident | Result | How |", "| ---: | --- | --- | --- |"]
    for number, each in zip(numbers, result.incidents, strict=True):
        how = [words.requirement(requirement) for requirement in each.required]
        how += [words.wrong_page(page, each.incident) for page in each.wrong]
        how += [words.state(state) for state in each.states if not state.holds]
        cells = (number, _md(each.incident.name), words.verdict(each), "<br>".join(map(_md, how)))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| Alarm | {' | '.join(numbers)} |", f"| --- |{' ---: |' * len(numbers)}"]
    for row in zip(*(each.alarms for each in result.incidents), strict=True):
        if any(cell.outcome is not PageOutcome.UNAFFECTED for cell in row):
            lines.append(f"| {_md(words.short(row[0].alarm))} | {' | '.join(map(words.cell, row))} |")
    lines += ["", f"{words.LEGEND}"]
    lines += ["", "What is missing:", ""] * bool(suggestions)
    lines += [f"- {_md(text)}" for text in dict.fromkeys(map(words.suggestion, suggestions))]
    unchecked = [alarm for alarm in result.incidents[0].alarms if alarm.outcome is PageOutcome.NOT_CHECKED]
    lines += ["", "Not checked:", ""] * bool(unchecked)
    lines += [f"- {_md(alarm.alarm)}: {_md(alarm.why)}" for alarm in unchecked]
    return "\n".join(lines)


def _md(text: str) -> str:
    """Names and reasons are others' text: nothing in it is markup."""
    shown = safe(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{character}" if character in "\\`*_[]|#" else character for character in shown)


def junit(result: Rehearsal, label: str) -> str:
    """A test case for each expectation of each incident."""
    suites = ElementTree.Element("testsuites", name=f"ops alarms rehearse {safe(label)}")
    for each in result.incidents:
        cases = list(_cases(each))
        failed = sum(bool(failure) for _, failure in cases)
        name = safe(each.incident.name)
        suite = ElementTree.SubElement(suites, "testsuite", name=name, tests=str(len(cases)), failures=str(failed))
        for case, failure in cases:
            element = ElementTree.SubElement(suite, "testcase", classname=name, name=safe(case))
            if failure:
                ElementTree.SubElement(element, "failure", message=safe(failure))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _cases(each: IncidentRehearsal) -> list[tuple[str, str]]:
    cases = [
        (
            requirement.required.because,
            "" if requirement.outcome is PageOutcome.PAGED else words.requirement(requirement),
        )
        for requirement in each.required
    ]
    cases += [
        (
            f"{state.expected.alarm} is {state.expected.state} at {state.expected.at} s",
            "" if state.holds else words.state(state),
        )
        for state in each.states
    ]
    wrong = "; ".join(words.wrong_page(page, each.incident) for page in each.wrong)
    return [*cases, ("pages only for what is wrong", wrong)]
