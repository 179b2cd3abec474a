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
                "incident": one.incident,
                "says": list(one.required.says),
                "rows": [{"id": row, "minutes": delay} for row, delay in one.rows],
                "skipped": [{"id": row, "why": why} for row, why in one.skipped],
            }
            for one in suggestions
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
                "says": list(one.required.says),
                "because": one.required.because,
                "within_min": one.required.within / 60,
                "outcome": one.outcome.value,
                "alarm": one.alarm,
                "minutes": one.minutes,
            }
            for one in each.required
        ],
        "states": [{**vars(one.expected), "actual": one.actual, "holds": one.holds} for one in each.states],
        "alarms": [
            {
                "alarm": one.alarm,
                "outcome": one.outcome.value,
                "minutes": one.minutes,
                "why": one.why,
                "pages_min": [page.at / 60 for page in one.pages],
                "states": [{"min": state.at / 60, "state": state.state} for state in one.states],
            }
            for one in each.alarms
        ],
        "wrong": [{"alarm": page.alarm, "min": page.at / 60} for page in each.wrong],
        "beyond_metrics": [vars(one) for one in incident.beyond_metrics],
        "limits_not_known": list(each.unscaled),
    }


def markdown(result: Rehearsal, suggestions: tuple[Suggestion, ...], label: str) -> str:
    numbers = [str(number) for number, _ in enumerate(result.incidents, 1)]
    lines = [f"## Rehearsal of the alarms of {_md(label)}", "", words.headline(result), ""]
    lines += ["| # | Incident | Result | How |", "| ---: | --- | --- | --- |"]
    for number, each in zip(numbers, result.incidents, strict=True):
        how = [words.requirement(one) for one in each.required]
        how += [words.wrong_page(one, each.incident) for one in each.wrong]
        how += [words.state(one) for one in each.states if not one.holds]
        cells = (number, _md(each.incident.name), words.verdict(each), "<br>".join(map(_md, how)))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| Alarm | {' | '.join(numbers)} |", f"| --- |{' ---: |' * len(numbers)}"]
    for row in zip(*(each.alarms for each in result.incidents), strict=True):
        if any(one.outcome is not PageOutcome.UNAFFECTED for one in row):
            lines.append(f"| {_md(words.short(row[0].alarm))} | {' | '.join(map(words.cell, row))} |")
    lines += ["", f"{words.LEGEND}"]
    lines += ["", "What is missing:", ""] * bool(suggestions)
    lines += [f"- {_md(text)}" for text in dict.fromkeys(map(words.suggestion, suggestions))]
    unchecked = [one for one in result.incidents[0].alarms if one.outcome is PageOutcome.NOT_CHECKED]
    lines += ["", "Not checked:", ""] * bool(unchecked)
    lines += [f"- {_md(one.alarm)}: {_md(one.why)}" for one in unchecked]
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
        (one.required.because, "" if one.outcome is PageOutcome.PAGED else words.requirement(one))
        for one in each.required
    ]
    cases += [
        (f"{one.expected.alarm} is {one.expected.state} at {one.expected.at} s", "" if one.holds else words.state(one))
        for one in each.states
    ]
    wrong = "; ".join(words.wrong_page(page, each.incident) for page in each.wrong)
    return [*cases, ("pages only for what is wrong", wrong)]
