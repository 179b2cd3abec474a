"""``cron.yaml``, version 1: the periodic tasks of a worker environment (Elastic Beanstalk developer guide, "periodic
tasks", archived copy ≤ 2023, read 2026-11)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.errors import UsageError
from ops.files import atomic_file
from ops.twin.sqsd import cron_expression
from ops.twin.sqsd.cron_expression import CronExpression
from ops.twin_state import REPOSITORY

SHIPPED = REPOSITORY / "handler" / "deployment" / "cron.yaml"
_MEMBERS = ("name", "url", "schedule")
_EXAMPLE = 'Write version: 1, then cron: with a list of {name, url, schedule: "0 23 * * *"}.'
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class CronTask:
    """``url``: the path that is posted to."""

    name: str
    url: str
    schedule: CronExpression


def read(path: Path) -> tuple[CronTask, ...]:
    """Raises UsageError, naming the file, the task and the member that is wrong."""
    content = atomic_file.read_file(path)
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path} is too large for a cron.yaml: {len(content):,} bytes.")
    return parse(content, str(path))


def parse(content: bytes | str, where: str = "cron.yaml") -> tuple[CronTask, ...]:
    """Raises UsageError."""
    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise UsageError(f"{where} is not YAML{line}.", _EXAMPLE) from error
    if not isinstance(found, dict):
        raise UsageError(f"{where} has no version and no list of tasks.", _EXAMPLE)
    version = found.get("version")
    if isinstance(version, bool) or version != 1:
        raise UsageError(f"{where}: the version must be 1, not {str(version)[:20]}.", _EXAMPLE)
    if unknown := sorted(str(name) for name in found.keys() - {"version", "cron"}):
        raise UsageError(f"{where}: unknown member {unknown[0][:40]!r}.", _EXAMPLE)
    tasks = found.get("cron")
    if not isinstance(tasks, list) or not tasks:
        raise UsageError(f"{where}: cron must be a list of at least one task.", _EXAMPLE)
    parsed = tuple(_task(task, f"{where}, task {number}") for number, task in enumerate(tasks, 1))
    names = [task.name for task in parsed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{where}: two tasks are named {twice!r}.", "Give each task a name of its own.")
    return parsed


def _task(task: Any, where: str) -> CronTask:
    if not isinstance(task, dict):
        raise UsageError(f"{where} is not a name, a url and a schedule.", _EXAMPLE)
    if unknown := sorted(str(name) for name in task.keys() - set(_MEMBERS)):
        raise UsageError(f"{where}: unknown member {unknown[0][:40]!r}.", _EXAMPLE)
    values = {}
    for member in _MEMBERS:
        value = task.get(member)
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{where}: {member} must be text.", _EXAMPLE)
        values[member] = value.strip()
    name, url = values["name"], values["url"]
    if len(name) > 256 or not _plain(name):
        raise UsageError(
            f"{where}: the name {name[:40]!r} cannot be sent as a header.", "Use letters, digits and dashes."
        )
    if not url.startswith("/") or not _plain(url) or " " in url:
        raise UsageError(f"{where}: the url {url[:60]!r} is not a path.", "Begin it with /, as in /tasks/backup.")
    try:
        schedule = cron_expression.parse(values["schedule"])
    except ValueError as error:
        raise UsageError(
            f"{where}: the schedule {values['schedule'][:60]!r} is not a cron expression: {error}.", _EXAMPLE
        ) from error
    return CronTask(name, url, schedule)


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
