"""Parses an incident's TOML file. All problems are reported at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from ops.alarms.evaluate.threshold import ALARM, INSUFFICIENT_DATA, OK
from ops.alarms.incidents.fields import Fields, Findings
from ops.alarms.incidents.known_metrics import LIMITS
from ops.alarms.incidents.model import (
    WAKE_S,
    BeyondMetrics,
    ExpectedState,
    Incident,
    IncidentError,
    IncidentFinding,
    MustPage,
    MustStaySilent,
)
from ops.alarms.incidents.page_kinds import PAGE_KINDS
from ops.alarms.incidents.series import read_series
from ops.files.toml_lines import lines_of

MAX_BYTES = 4_194_304
"""Of a file; a recorded day of 40 metrics is about 500 KB. Our choice."""
EARLIEST, LATEST = 2009, 2200
"""Years of an incident: CloudWatch began in 2009."""
_AT = re.compile(r"(.*) \(at line (\d+), column \d+\)")
_NUMBERED = re.compile(r"\d+-(.+)")


def read(path: Path) -> Incident:
    """Raises IncidentError, with all findings: no file, not TOML, or not an incident."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    if len(content) > MAX_BYTES:
        raise _unreadable(path, "The file is larger than 4 MiB.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"Byte {error.start + 1} is not valid UTF-8.") from None
    return parse(text, str(path))


def _unreadable(path: Path, why: str) -> IncidentError:
    return IncidentError((IncidentFinding(str(path), 1, why),))


def parse(text: str, file: str) -> Incident:
    """Raises IncidentError."""
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _AT.fullmatch(str(error))
        line = int(found[2]) if found else text.count("\n") + 1
        raise IncidentError((IncidentFinding(file, line, f"Not TOML: {found[1] if found else error}."),)) from None
    findings = Findings(file, lines_of(text))
    incident = _incident(Fields(values, (), findings), file)
    if findings.all:
        raise IncidentError(tuple(sorted(dict.fromkeys(findings.all), key=lambda finding: finding.line)))
    return incident


def _incident(fields: Fields, file: str) -> Incident:
    length = fields.seconds("length")
    limits = _limits(fields.table("workload"))
    stem = Path(file).stem
    numbered = _NUMBERED.fullmatch(stem)
    incident = Incident(
        name=numbered[1] if numbered else stem,
        title=fields.text("title", needed=True),
        source=fields.text("source"),
        start=_start(fields),
        length=length,
        story=" ".join(fields.text("story").split()),
        trouble=_trouble(fields, length),
        healthy_otherwise=fields.flag("healthy_otherwise"),
        limits=limits,
        inferred=fields.texts("inferred"),
        series=read_series(fields, length, limits),
        must_page=tuple(_must_page(each, length) for each in fields.tables("must_page")),
        must_stay_silent=tuple(_must_stay_silent(each, length) for each in fields.tables("must_stay_silent")),
        expected_states=tuple(_state(each, length) for each in fields.tables("expect_state")),
        beyond_metrics=tuple(_beyond(each) for each in fields.tables("beyond_metrics")),
        file=file,
        wake=fields.seconds("wake", needed=False, default=WAKE_S),
    )
    fields.end()
    return incident


def _start(fields: Fields) -> float:
    value = fields.take("start")
    if value is None:
        fields.wrong("", "start is missing.")
    elif not isinstance(value, datetime):
        fields.wrong("start", f"start is not a date with a time, such as 2026-11-24T06:00:00Z: {value}.")
    elif not EARLIEST <= value.year <= LATEST:
        fields.wrong("start", f"start is not between {EARLIEST} and {LATEST}.")
    else:
        start = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if start % 60:
            fields.wrong("start", "start is not a whole minute.")
        return start
    return 0.0


def _trouble(fields: Fields, length: int) -> int | None:
    """Without it, from the first page that is required on; a quiet day requires none."""
    if fields.take("trouble") is not None:
        return _within(fields, "trouble", length)
    required = [each.seconds("from", needed=False) for each in fields.tables("must_page")]
    return min(required, default=None)


def _limits(fields: Fields) -> dict[str, float]:
    limits = {}
    for name in fields.names:
        if name in LIMITS:
            limits[name] = fields.number(name, 1.0, 1e-9, 1e12)
        else:
            fields.take(name)
            fields.wrong(name, f"{name} is not a setting of a workload: there are {', '.join(LIMITS)}.")
    return limits


def _must_page(fields: Fields, length: int) -> MustPage:
    begins, within = _within(fields, "from", length), fields.seconds("within")
    if begins + within > length:
        fields.wrong("within", "The page is due after the end of the incident.")
    says = _says(fields)
    if not says:
        fields.wrong("", "says is missing: what the page must say, one or more kinds.")
    until = _within(fields, "until", length) if fields.take("until") is not None else 0
    if 0 < until <= begins + within:
        fields.wrong("until", "It ends before the page is due.")
    page = MustPage(says, begins, within, fields.text("because", needed=True), until, fields.line)
    fields.end()
    return page


def _must_stay_silent(fields: Fields, length: int) -> MustStaySilent:
    begins, ends = _stretch(fields, length)
    silent = MustStaySilent(_says(fields), begins, ends, fields.text("because", needed=True), fields.line)
    fields.end()
    return silent


def _stretch(fields: Fields, length: int) -> tuple[int, int]:
    begins, ends = _within(fields, "from", length), _within(fields, "to", length)
    if begins >= ends:
        fields.wrong("to", "It ends before it begins.")
    return begins, ends


def _says(fields: Fields) -> tuple[str, ...]:
    kinds = fields.texts("says")
    for kind in kinds:
        if kind not in PAGE_KINDS:
            fields.wrong("says", f"{kind} is not a kind of page: there are {', '.join(PAGE_KINDS)}.")
    return kinds


def _state(fields: Fields, length: int) -> ExpectedState:
    state = fields.text("state", needed=True)
    if state and state not in (OK, ALARM, INSUFFICIENT_DATA):
        fields.wrong("state", f"{state} is not a state: use OK, ALARM or INSUFFICIENT_DATA.")
    expected = ExpectedState(fields.text("alarm", needed=True), _within(fields, "at", length), state, fields.line)
    fields.end()
    return expected


def _beyond(fields: Fields) -> BeyondMetrics:
    beyond = BeyondMetrics(fields.text("what", needed=True), fields.text("command", needed=True))
    fields.end()
    return beyond


def _within(fields: Fields, key: str, length: int) -> int:
    seconds = fields.seconds(key)
    if seconds > length:
        fields.wrong(key, f"{key} is after the end of the incident.")
    return seconds
