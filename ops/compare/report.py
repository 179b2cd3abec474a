"""The last measured run and what follows from it: how callers waited, what was lost, and which form is cheaper from
which load on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ops import pricing
from ops.compare.costs import break_even
from ops.compare.costs.assumptions import CostAssumptions
from ops.compare.costs.break_even import EventDrivenUse, SynchronousUse
from ops.compare.measured import EVENT_DRIVEN, IN_SENTENCES, SYNCHRONOUS, TITLES, ComparisonRun, FormMeasured
from ops.formatting import about, count, duration, latency, sentence, usd
from ops.insight.report_types import Finding, Level
from ops.pricing import Prices

NOTHING = Finding(Level.NO_DATA, "No data: no comparison has been measured on this machine.")
CURVE_POINTS = 160
_DEFAULT_MAX = 1_000_000.0
"""Requests per day up to which costs are drawn where no break-even is known."""


@dataclass(frozen=True)
class Costs:
    """A month of each form by requests per day, in US dollars. ``break_even``: requests per day from which the container
    costs no more; None where there is none, or one of the two is unknown."""

    synchronous: SynchronousUse | None
    event_driven: EventDrivenUse | None
    parts: dict[str, float]
    """Event-driven, USD per job by component."""
    event_idle_usd: float
    break_even: float | None
    prices: Prices

    @property
    def usd_per_job(self) -> float:
        return sum(self.parts.values())

    @property
    def synchronous_idle_usd(self) -> float | None:
        return self.synchronous.usd_per_month(0) if self.synchronous else None

    def idle_usd(self, form: str) -> float | None:
        """A month without a request. The worker's is that of its instances: how often its daemon polls is not known."""
        return self.event_idle_usd if form == EVENT_DRIVEN else self.synchronous_idle_usd

    def event_usd(self, per_day: float) -> float:
        return break_even.event_usd_per_month(per_day, self.usd_per_job, self.event_idle_usd)

    @property
    def costs_more_again(self) -> bool:
        """Whether the container costs more again at the first load beyond its least instances."""
        if self.synchronous is None:
            return False
        return break_even.costs_more_again(self.synchronous, self.usd_per_job, self.event_idle_usd)

    @property
    def comparable(self) -> bool:
        return self.synchronous is not None and self.event_driven is not None

    def curve(self) -> list[tuple[float, float, float]]:
        """(requests per day, synchronous, event-driven), up to twice the break-even."""
        if self.synchronous is None or self.event_driven is None:
            return []
        most = 2 * (self.break_even or _DEFAULT_MAX)
        loads = (most * step / (CURVE_POINTS - 1) for step in range(CURVE_POINTS))
        return [(load, self.synchronous.usd_per_month(load), self.event_usd(load)) for load in loads]


@dataclass(frozen=True)
class ComparisonReport:
    """``run`` is None where nothing was measured yet; then the costs are of what is typed in alone."""

    finding: Finding
    run: ComparisonRun | None
    assumed: CostAssumptions
    costs: Costs
    notes: tuple[str, ...]


def report(run: ComparisonRun | None, assumed: CostAssumptions, region: str = pricing.PRICE_REGION) -> ComparisonReport:
    """Raises UsageError for assumptions that cannot be."""
    prices = pricing.load(region)
    event, event_notes = assumed.event_driven(run)
    synchronous, notes = assumed.synchronous(run)
    idle = break_even.idle_usd_per_month(prices)
    parts = event.parts(prices) if event else {}
    at = break_even.break_even(synchronous, sum(parts.values()), idle) if synchronous and event else None
    costs = Costs(synchronous, event, parts, idle, at, prices)
    dated = f"{prices.region} prices of {prices.dated}"
    own = (*notes, *event_notes, dated, f"Left out: {'; '.join(break_even.LEFT_OUT)}")
    return ComparisonReport(_finding(run, costs), run, assumed, costs, (*(run.notes if run else ()), *own))


def cost_sentence(costs: Costs) -> str:
    if not costs.comparable:
        return "The costs cannot be compared: a price or a time per job is missing."
    if costs.break_even is None:
        return "The event-driven function is cheaper at every load."
    if costs.break_even == 0:
        return "The container is cheaper at every load, even while nothing is requested."
    again = "; right after another instance is added, it costs more again" if costs.costs_more_again else ""
    return (
        f"The event-driven function is cheaper below {about(costs.break_even)} requests per day, "
        f"the container from there on{again}."
    )


def wait_sentence(run: ComparisonRun) -> str:
    first, second = run.form(SYNCHRONOUS), run.form(EVENT_DRIVEN)
    waits = [
        f"a synchronous caller waited {latency(first.wait.p50)} for the result (p99 {latency(first.wait.p99)})"
        if first and first.wait
        else "no synchronous caller got an answer",
        f"an event-driven caller {latency(second.wait.p50)} until the job was accepted (p99 {latency(second.wait.p99)})"
        if second and second.wait
        else "no event-driven job was accepted",
    ]
    text = f"At the median, {waits[0]}, and {waits[1]}"
    later = second.to_result if second else None
    return f"{text}; its result came after {latency(later.p50)} (p99 {latency(later.p99)})." if later else f"{text}."


def loss_sentence(run: ComparisonRun) -> str:
    """What callers had to handle, and what the killed host took with it."""
    together = _killed_together(run)
    clauses = []
    for form in run.forms:
        own = form.killed_at_s if not together else None
        killed = f" when its host was killed after {duration(own)}" if own is not None else ""
        late = f" ({', '.join(open_jobs)})" if (open_jobs := _open(form)) else ""
        calls = f"left its callers {_some(form.failed, 'failed call')}"
        clauses.append(f"{IN_SENTENCES[form.form]} lost {_some(form.lost, 'job')}{killed}{late} and {calls}")
    text = "; ".join(clauses)
    if together:
        return f"The host of each was killed after {together}: {text}."
    return f"{text[:1].upper()}{text[1:]}."


def kill_sentence(run: ComparisonRun) -> str:
    """When which host was killed."""
    if together := _killed_together(run):
        return f"The host of each was killed after {together}."
    killed = [
        f"the host of {IN_SENTENCES[form.form]} was killed after {duration(form.killed_at_s)}"
        for form in run.forms
        if form.killed_at_s is not None
    ]
    return sentence("; ".join(killed) or "no host was killed")


def _killed_together(run: ComparisonRun) -> str:
    """After how long every host was killed, as text; empty where they differ or none was."""
    moments = {duration(form.killed_at_s) if form.killed_at_s is not None else "" for form in run.forms}
    return moments.pop() if len(moments) == 1 else ""


def _open(form: FormMeasured) -> list[str]:
    """What became of the jobs without a result that are not lost."""
    places = ((form.unfinished, "still in the queue"), (form.dead_lettered, "in the dead-letter queue"))
    return [f"{count(number)} {place}" for number, place in places if number]


def _some(number: int, what: str) -> str:
    return count(number, what) if number else f"no {what}s"


def scaling_sentence(run: ComparisonRun) -> str:
    return f"{'. '.join(_scaling(run))}."


def _scaling(run: ComparisonRun) -> Iterator[str]:
    for form in run.forms:
        lag = form.scaling_lag_s
        reached = "" if lag is None else f", reached {f'in {duration(lag)}' if lag >= 0.05 else 'without delay'}"
        waited = f"; jobs waited for {duration(form.overloaded_s)} of the run" if form.overloaded_s else ""
        running = (
            "environments busy" if form.form == EVENT_DRIVEN else "jobs at once"
        )  # an environment has a batch of jobs
        most = f"at most {count(form.peak_running)} of {count(form.most_at_once)} {running}"
        yield f"{TITLES[form.form]}: {most}{reached}{waited}"


def _finding(run: ComparisonRun | None, costs: Costs) -> Finding:
    if run is None:
        return NOTHING
    events = [form for form in run.forms if form.form != SYNCHRONOUS]
    lost, late, dead = (
        sum(found) for found in zip(*((f.lost, f.unfinished, f.dead_lettered) for f in events), strict=True)
    )
    level = Level.CRITICAL if lost else Level.WARNING if late or dead else Level.OK
    known = (
        (lost, f"{count(lost, 'event-driven job')} lost"),
        (dead, f"{count(dead, 'event-driven job')} ended in the dead-letter queue"),
        (late, f"{count(late, 'event-driven job was', 'event-driven jobs were')} still in the queue at the end"),
    )
    head, *more = [text for number, text in known if number] or [_waits(run)]
    clauses = [head, *more, _losses(run), _cheaper(costs)]
    return Finding(level, f"{level.label}: {'; '.join(clauses)}.", "", f"{level.label}: {head}.", tuple(clauses[1:]))


def _waits(run: ComparisonRun) -> str:
    first, second = run.form(SYNCHRONOUS), run.form(EVENT_DRIVEN)
    if not (first and first.wait and second and second.wait):
        return "one form answered no caller"
    none = f" ({first.failed} of {first.jobs} calls got none)" if first.failed else ""
    later = f", whose result came after {latency(second.to_result.p95)}" if second.to_result else ""
    waited = f"callers waited {latency(first.wait.p95)} for a synchronous result{none}"
    return f"{waited}, {latency(second.wait.p95)} to hand a job over{later} (p95)"


def _losses(run: ComparisonRun) -> str:
    killed = [form for form in run.forms if form.killed_at_s is not None]
    if not killed:
        return "no host was killed"
    return f"jobs lost with the host: {', '.join(f'{form.lost:,} {form.form}' for form in killed)}"


def _cheaper(costs: Costs) -> str:
    if not costs.comparable:
        return "costs cannot be compared"
    if costs.break_even is None:
        return "event-driven is cheaper at every load"
    return f"the container is cheaper from {about(costs.break_even)} requests per day"


def idle_sentence(costs: Costs) -> str:
    """What a month without a request costs."""
    polling = usd(costs.event_idle_usd)
    if costs.synchronous is None or costs.synchronous_idle_usd is None:
        return f"A month without a request costs {polling} event-driven (polling the queue)."
    instances = count(costs.synchronous.least_instances, "instance")
    return (
        f"A month without a request costs {usd(costs.synchronous_idle_usd)} for {instances}, "
        f"and {polling} event-driven (polling the queue)."
    )
