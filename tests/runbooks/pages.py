"""Reads the runbooks and the alarms of template.yaml, and takes the commands out of a page."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = {path.name: path.read_text() for path in sorted((REPOSITORY / "runbooks").glob("*.md"))}


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms (!Ref X) as {"Ref": "X"}."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)
TEMPLATE = yaml.load((REPOSITORY / "template.yaml").read_text(), _Loader)  # noqa: S506 (a SafeLoader with our tags)


@dataclass(frozen=True)
class Alarm:
    name: str  # without the stack's name
    runbook: str  # what its description names, or empty
    threshold: float
    periods: int
    datapoints: int


def _default(value: Any) -> Any:
    """Of a parameter that is referred to."""
    return TEMPLATE["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value


def alarms() -> list[Alarm]:
    found = []
    for resource in TEMPLATE["Resources"].values():
        if resource["Type"] not in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            continue
        properties = resource["Properties"]
        runbook = re.search(r"Runbook: runbooks/([\w-]+\.md)$", properties["AlarmDescription"].strip())
        found.append(
            Alarm(
                properties["AlarmName"]["Sub"].removeprefix("${AWS::StackName}-"),
                runbook[1] if runbook else "",
                float(_default(properties.get("Threshold", 0))),
                _default(properties.get("EvaluationPeriods", 1)),
                _default(properties.get("DatapointsToAlarm", 1)),
            )
        )
    return found


def on_paper(page: str) -> str:
    """The page as a person reads it: without front matter and live blocks."""
    text = re.sub(r"\A---\n.*?^---\n", "", page, flags=re.M | re.S)
    return re.sub(r"^ *```(check|step)\n.*?^ *```\n", "", text, flags=re.M | re.S)


def is_live(page: str) -> bool:
    return page.startswith("---\n")


def headings(page: str) -> list[str]:
    return re.findall(r"^## (.+)$", page, re.M)


def commands(page: str, program: str) -> list[list[str]]:
    """Every call of ``program`` in the page's code, as words. ``$(date +%s)`` and such count as one word."""
    page = on_paper(page)
    code = [re.sub(r"^ *```.*\n|```$", "", block) for block in re.findall(r"^ *```sh\b.*?```", page, re.M | re.S)]
    prose = re.sub(r"^ *```sh\b.*?```", "", page, flags=re.M | re.S)
    code += re.findall(r"`([^`]+)`", prose)
    found = []
    for text in code:
        flat = re.sub(r"\$\(\([^()]*(\([^()]*\))?[^()]*\)\)", "NUMBER", text.replace("\\\n", " "))
        flat = re.sub(rf"\$\((?!{program} )[^()]*\)", "VALUE", flat)
        flat = re.sub(r"\$\(\(?VALUE[^()]*\)\)?", "NUMBER", flat)
        for start in re.finditer(rf"(?:^|(?<=[\s(;])){program} ", flat, re.M):
            found.append(shlex.split(_one(flat[start.start() :])))
    return found


def _one(text: str) -> str:
    """The beginning of ``text`` up to where its first command ends, quotes respected."""
    quote = ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in ");\n" or text[at : at + 2] == " #":
            return text[:at]
    return text
