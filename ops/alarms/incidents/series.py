"""The metric series of an incident file: phases, their values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ops.alarms.incidents.fields import Fields, is_number
from ops.alarms.incidents.known_metrics import KNOWN_METRICS
from ops.alarms.incidents.model import IncidentPhase, IncidentSeries

MAX_POINTS = 100_000
"""Of a series, with the shortest period a quarter of what 15 days have. Our choice."""
SHAPES = ("value", "line", "steps", "cycle", "missing")
PERIODS = (10, 20, 30, 60, 300)


def read_series(fields: Fields, length: int, limits: Collection[str]) -> tuple[IncidentSeries, ...]:
    """``length``: of the incident, in seconds. ``limits``: the settings that its table ``workload`` gives."""
    series = []
    seen: dict[tuple[str, str], int] = {}
    for each in fields.tables("series"):
        entry = _series(each, length, limits)
        key = (entry.role, entry.metric)
        if key in seen:
            each.wrong("metric", f"{entry.role}.{entry.metric} is given twice, also in line {seen[key]}.")
        seen.setdefault(key, each.line)
        series.append(entry)
    return tuple(series)


def _series(fields: Fields, length: int, limits: Collection[str]) -> IncidentSeries:
    role, _, metric = fields.text("metric", needed=True).partition(".")
    known = KNOWN_METRICS.get(role, {})
    if role and not known:
        fields.wrong("metric", f"{role} is not a role: there are {', '.join(KNOWN_METRICS)} (role.Metric).")
    elif role and metric not in known:
        fields.wrong("metric", f"{role} has no metric {metric or '(none)'}: there are {', '.join(known)}.")
    unit = fields.text("unit")
    published = known.get(metric, "")
    if unit and published and unit != published:
        fields.wrong("unit", f"{role}.{metric} is published in {published}, not in {unit}.")
    period = fields.seconds("period", needed=False, default=60)
    if period not in PERIODS:
        fields.wrong("period", "A period is 10s, 20s, 30s, 1m or 5m.")
        period = 60
    if length // period > MAX_POINTS:
        fields.wrong("period", f"The series has more than {MAX_POINTS} values: use a longer period.")
    relative_to = fields.text("relative_to")
    if relative_to and relative_to not in limits:
        fields.wrong("relative_to", f"The table workload does not give {relative_to}.")
    phases = _phases(fields, length, period)
    delay = fields.seconds("published") if fields.take("published") is not None else None
    fields.end()
    return IncidentSeries(role, metric, unit or published, phases, period, relative_to, fields.line, delay)


def _phases(fields: Fields, length: int, period: int) -> tuple[IncidentPhase, ...]:
    phases: list[IncidentPhase] = []
    for each in fields.tables("phases"):
        phase = _phase(each, period)
        if phase.ends > length:
            each.wrong("to", "The phase ends after the incident.")
        elif phase.begins >= phase.ends:
            each.wrong("to", "The phase ends before it begins.")
        elif phases and phase.begins < phases[-1].ends:
            each.wrong("from", "The phase overlaps the one before it.")
        elif phase.begins % period or phase.ends % period:
            each.wrong("from", f"The phase does not begin and end with a period of {period} s.")
        phases.append(phase)
    if not phases:
        fields.wrong("", "phases is missing: the values of the series.")
    return tuple(phases)


def _phase(fields: Fields, period: int) -> IncidentPhase:
    begins, ends = fields.seconds("from"), fields.seconds("to")
    count = max(1, (ends - begins) // period)
    given = [shape for shape in SHAPES if fields.take(shape) is not None]
    if len(given) != 1:
        fields.wrong("", f"A phase has one of {', '.join(SHAPES)}, not {', '.join(given) or 'none of them'}.")
    values = _SHAPES[given[0]](fields, count) if len(given) == 1 and count <= MAX_POINTS else (None,)
    phase = IncidentPhase(
        begins=begins,
        ends=ends,
        values=values,
        noise=fields.number("noise", 0.0, 0.0, 1.0),
        samples=_samples(fields),
        late=fields.seconds("late", needed=False),
    )
    fields.end()
    return phase


def _samples(fields: Fields) -> tuple[int, ...]:
    value = fields.take("samples")
    if not isinstance(value, list):
        return (round(fields.number("samples", 1.0, 1.0, 1e9)),)
    values = fields.take("cycle")
    if not isinstance(values, list) or len(values) != len(value):
        fields.wrong("samples", "A list of samples goes with a cycle of the same length.")
    elif not all(is_number(each) and each >= 1 for each in value):
        fields.wrong("samples", "samples are numbers of at least 1.")
    else:
        return tuple(map(round, value))
    return (1,)


def _numbers(fields: Fields, key: str) -> list[float]:
    values = fields.take(key)
    if not isinstance(values, list) or not values or not all(is_number(each) for each in values):
        fields.wrong(key, f"{key} is not a list of numbers.")
        return [0.0]
    return [float(each) for each in values]


def _value(fields: Fields, _: int) -> tuple[float | None, ...]:
    return (fields.number("value", 0.0, -1e15, 1e15),)


def _line(fields: Fields, count: int) -> tuple[float | None, ...]:
    ends = _numbers(fields, "line")
    if len(ends) != 2:
        fields.wrong("line", "line has two values, its first and its last.")
        return (0.0,)
    first, last = ends
    return tuple(first + (last - first) * at / max(1, count - 1) for at in range(count))


def _steps(fields: Fields, count: int) -> tuple[float | None, ...]:
    steps = _numbers(fields, "steps")
    return tuple(steps[at * len(steps) // count] for at in range(count))


def _cycle(fields: Fields, _: int) -> tuple[float | None, ...]:
    values = fields.take("cycle")
    known = [each for each in values if each != "-"] if isinstance(values, list) else []
    if not known or not all(is_number(each) for each in known):
        fields.wrong("cycle", 'cycle is not a list of numbers, or "-" for a period without data.')
        return (None,)
    return tuple(None if each == "-" else float(each) for each in values)


def _missing(fields: Fields, _: int) -> tuple[float | None, ...]:
    if fields.take("missing") is not True:
        fields.wrong("missing", "missing is true, or not there.")
    return (None,)


_SHAPES: dict[str, Callable[[Fields, int], tuple[float | None, ...]]] = {
    "value": _value,
    "line": _line,
    "steps": _steps,
    "cycle": _cycle,
    "missing": _missing,
}
