"""Holds alarms and runbooks to each other, and each command in a runbook to the program that it names."""

from __future__ import annotations

import re
import statistics
from functools import cache
from typing import Any

import botocore.session
import jmespath
import pytest
from botocore import xform_name
from botocore.model import OperationModel, StructureShape

from tests.ops.cli import command_lines
from tests.runbooks.pages import PAGES, Alarm, alarms, commands, headings, is_live, on_paper

EVERY_PAGE = pytest.mark.parametrize("name", PAGES)
GLOBAL_OPTIONS = {"query", "output", "region", "profile", "endpoint-url", "no-cli-pager", "cli-binary-format"}


def test_every_alarm_names_a_runbook_that_is_there() -> None:
    assert {alarm.name: alarm.runbook for alarm in alarms() if alarm.runbook not in PAGES} == {}
    assert len(alarms()) >= 6


def test_every_runbook_has_an_alarm_of_its_name_or_names_its_alarms() -> None:
    named = {(alarm.runbook, alarm.name) for alarm in alarms()}
    own = {page for page in PAGES if (page, page.removesuffix(".md")) in named}
    assert [page for page, text in PAGES.items() if page not in own and not is_live(text)] == []


@pytest.mark.parametrize("alarm", alarms(), ids=lambda alarm: alarm.name)
def test_the_page_describes_the_alarm_as_it_is(alarm: Alarm) -> None:
    page = PAGES[alarm.runbook]
    assert f"`scilearn-{alarm.name}`" in page
    if alarm.runbook == f"{alarm.name}.md" and alarm.periods > 1:
        line = next(line for line in page.splitlines() if line.startswith("Alarm:"))
        numbers = {float(number) for number in re.findall(r"\d+", line)}
        assert {alarm.threshold, alarm.threshold / 1000} & numbers or alarm.threshold <= 1
        assert {float(alarm.periods), float(alarm.datapoints)} <= numbers


@EVERY_PAGE
def test_headings_and_their_order(name: str) -> None:
    assert headings(PAGES[name]) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


@EVERY_PAGE
def test_the_ladder_starts_with_waiting_and_ends_with_nothing_left_behind(name: str) -> None:
    mitigation = PAGES[name].partition("## Mitigation")[2]
    for sentence in (r"1\. \*\*Wait\*\*", "[Uu]nd(o|one)", r"5\. \*\*Verify and close\*\*"):
        assert re.search(sentence, mitigation), sentence
    assert "Expect" in PAGES[name]
    assert re.findall(r"^(\d)\. ", mitigation, re.M) == ["1", "2", "3", "4", "5"]


def test_pages_are_short() -> None:
    """What a person reads: without the commands that are written from the steps."""
    read = [
        re.sub(r"^ *```sh generated\n.*?^ *```\n", "", on_paper(page), flags=re.M | re.S) for page in PAGES.values()
    ]
    assert statistics.median(len(page.splitlines()) for page in read) <= 50


@EVERY_PAGE
def test_links_lead_somewhere(name: str) -> None:
    assert [link for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]) if link not in PAGES] == []


@EVERY_PAGE
def test_ops_commands_exist(name: str) -> None:
    named = commands(PAGES[name], "ops")
    assert named, "every page names at least ops status"
    for words in named:
        assert command_lines.problems(words) == [], " ".join(words)


@cache
def _service(name: str) -> tuple[dict[str, OperationModel], list[str]]:
    session = botocore.session.get_session()
    model = session.get_service_model({"s3api": "s3"}.get(name, name))
    operations = {xform_name(each, "-"): model.operation_model(each) for each in model.operation_names}
    waiters = session.get_waiter_model(name).waiter_names if name == "lambda" else []
    return operations, [xform_name(each, "-") for each in waiters]


@EVERY_PAGE
def test_aws_commands_fit_the_api(name: str) -> None:
    """Service, operation, options, what is required, and the first name of a --query, by botocore's models."""
    named = commands(PAGES[name], "aws")
    assert named
    for words in named:
        assert problems(words) == [], " ".join(words)


def problems(words: list[str]) -> list[str]:
    _, service, operation, *rest = words
    operations, waiters = _service(service)
    if operation == "wait":
        return [] if rest[0] in waiters else ["no such waiter"]
    if operation not in operations:
        return ["no such operation"]
    model = operations[operation]
    shape: Any = model.input_shape
    members = shape.members if shape is not None else {}
    required = {xform_name(member, "-") for member in (shape.required_members if shape is not None else [])}
    options = {xform_name(member, "-") for member in members}
    given = {word.removeprefix("--") for word in rest if word.startswith("--")}
    positive = {word.removeprefix("no-") if word.startswith("no-") and word not in options else word for word in given}
    found = [f"no option --{word}" for word in positive - options - GLOBAL_OPTIONS]
    found += [f"--{word} is required" for word in required - positive]
    if "--query" in rest and not _answers(model, rest[rest.index("--query") + 1]):
        found.append("--query asks for what the answer does not have")
    return found


def _answers(model: OperationModel, query: str) -> bool:
    names = [node["value"] for node in _nodes(jmespath.compile(query).parsed) if node["type"] == "field"]
    output = model.output_shape
    return isinstance(output, StructureShape) and bool(set(names) & set(output.members))


def _nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(node for child in tree.get("children", []) if isinstance(child, dict) for node in _nodes(child))]


def test_the_checks_themselves_find_mistakes() -> None:
    assert command_lines.problems(["ops", "status", "--json"]) == []
    assert command_lines.problems(["ops", "sttaus"]) == command_lines.problems(["ops", "twin"]) == ["no such command"]
    assert command_lines.problems(["ops", "twin", "traffic", "--speed", "5"]) == ["no option --speed"]
    assert problems(["aws", "sqs", "receive-mesage"]) == ["no such operation"]
    assert problems(["aws", "sqs", "purge-queue"]) == ["--queue-url is required"]
    assert "no option --limit" in problems(["aws", "sqs", "receive-message", "--queue-url", "x", "--limit", "5"])
    assert problems(["aws", "sqs", "get-queue-url", "--queue-name", "x", "--query", "Url"]) != []
