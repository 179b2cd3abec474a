"""Chooses a setting from the measurements: what each costs and takes, which are allowed, and what a change saves."""

from __future__ import annotations

import numpy as np

from ops import formatting
from ops.doctor.rules.functions import NEAR_TIMEOUT
from ops.doctor.rules.queues import VISIBILITY_TIMES
from ops.pricing import Prices
from ops.rightsize import sizes, statistics
from ops.rightsize.model import Interval, Measured, Objective, Setting, SizedSetting, Sizing
from ops.rightsize.statistics import Numbers, Resampled

MEMORY_HEADROOM = 0.8
"""The share of its memory that a setting may use. AWS gives no figure; the catalogue's alarm is at 95%, and jobs vary.
Our choice."""
ALIKE = 0.05
"""Points within which a difference that is too close to tell does not matter, so that the other goal decides. Our choice."""
P95_INVOCATIONS = 72
"""0.95 to this power is below 2.5%: then the highest of them is above the p95 with that confidence."""
BUSY = 2
"""Processes per core that run or wait to run; the sweep itself is one. Our choice."""
TOO_CLOSE = "too close to tell"
GOALS = {Objective.COST: "cost", Objective.LATENCY: "latency", Objective.BALANCED: "cost and latency"}


def size_up(measured: Measured, prices: Prices, objective: Objective) -> Sizing:
    """The rows, the setting that ``objective`` suggests, and the saving; from the same measurements always the same."""
    attempts = measured.attempts
    settings = sorted({Setting(attempt.memory_mb, attempt.batch_size) for attempt in attempts}, key=_order)
    observed = measured.observed
    found = statistics.resample(attempts, settings, prices, measured.architecture, observed.cold_share)
    rows = tuple(_row(measured, setting, found) for setting in settings)
    fit = [row.setting for row in rows if not row.unfit]
    suggested = _suggest(found, fit, measured.current, objective)
    saving = _saving(found, measured.current, suggested, observed.jobs_per_month)
    return Sizing(
        finding=_finding(measured, rows, suggested, saving, objective),
        objective=objective,
        rows=rows,
        current=measured.current,
        suggested=suggested,
        saving_month=saving,
        cold_share=observed.cold_share,
        jobs_per_month=observed.jobs_per_month,
        notes=(*_consequences(measured, rows, suggested), *_limits(measured, rows, prices), *observed.basis),
    )


def _order(setting: Setting) -> tuple[int, int]:
    return setting.batch_size, setting.memory_mb


def _row(measured: Measured, setting: Setting, found: Resampled) -> SizedSetting:
    own = statistics.of_setting(measured.attempts, setting)
    durations = [
        attempt.duration_ms for attempt in statistics.warm(own, setting).values() if attempt.duration_ms is not None
    ]
    inits = [attempt.init_ms for attempt in own if attempt.cold and attempt.init_ms is not None]
    used = max((attempt.used_mb for attempt in own if attempt.used_mb is not None), default=None)
    per_job = found.usd_interval(setting) if setting in found.settings else None
    month = measured.observed.jobs_per_month
    return SizedSetting(
        setting=setting,
        vcpus=sizes.vcpus(setting.memory_mb),
        measured=len(own),
        failed=sum(bool(attempt.error) or attempt.succeeded < setting.batch_size for attempt in own),
        colds=len(inits),
        used_mb=used,
        duration_p50_ms=statistics.percentile(durations, 0.5),
        duration_p95_ms=statistics.percentile(durations, 0.95),
        init_ms=statistics.spread(inits),
        usd_per_1000=_times(per_job, 1_000),
        usd_month=_times(per_job, month) if month is not None else None,
        against=_against(found, setting, measured.current),
        unfit=_unfit(measured, setting, used, durations),
    )


def _times(found: Interval | None, factor: float) -> Interval | None:
    if found is None:
        return None
    low, high = (None if end is None else end * factor for end in (found.low, found.high))
    return Interval(found.value * factor, low, high)


def _against(found: Resampled, setting: Setting, current: Setting) -> str:
    if setting == current or setting not in found.settings or current not in found.settings:
        return ""
    own, theirs = (found.settings.index(choice) for choice in (setting, current))
    if not statistics.differ(found.usd_resampled[:, own], found.usd_resampled[:, theirs]):
        return TOO_CLOSE
    return "cheaper" if found.usd[own] < found.usd[theirs] else "more expensive"


def _unfit(measured: Measured, setting: Setting, used: float | None, durations: list[float]) -> str:
    own = statistics.of_setting(measured.attempts, setting)
    errors = [attempt.error for attempt in own if attempt.error]
    if any("OutOfMemory" in error for error in errors):
        return "runs out of memory"
    if any("Timedout" in error or "timeout" in error for error in errors):
        return f"reaches the timeout of {measured.timeout_s} s"
    if errors:
        return f"fails: {max(sorted(set(errors)), key=errors.count)}"
    if failed := sum(attempt.succeeded < setting.batch_size for attempt in own):
        return f"{failed} of {len(own)} invocations had failed jobs"
    if len(durations) < statistics.MIN_INVOCATIONS:
        return "too few measurements"
    if used is not None and used > MEMORY_HEADROOM * setting.memory_mb:
        share, most = formatting.percent(used / setting.memory_mb), formatting.percent(MEMORY_HEADROOM)
        return f"used {share} of its memory; at most {most} is suggested"
    if max(durations) >= NEAR_TIMEOUT * measured.timeout_s * 1000:
        return f"takes more than {formatting.percent(NEAR_TIMEOUT)} of the timeout of {measured.timeout_s} s"
    return ""


def _suggest(found: Resampled, fit: list[Setting], current: Setting, objective: Objective) -> Setting | None:
    places = [place for place, setting in enumerate(found.settings) if setting in fit]
    if not places:
        return None
    main, main_resampled = _score(found, places, objective)
    best = min(places, key=lambda place: float(main[place]))

    def close(place: int) -> bool:
        return not statistics.differ(main_resampled[:, place], main_resampled[:, best])

    if current in fit and current in found.settings and close(found.settings.index(current)):
        return current
    other = found.usd if objective is Objective.LATENCY else found.p95
    alike = [place for place in places if close(place) and main[place] <= main[best] * (1 + ALIKE)]
    return found.settings[min(alike or [best], key=lambda place: float(other[place]))]


def _score(found: Resampled, places: list[int], objective: Objective) -> tuple[Numbers, Numbers]:
    """What is to be small, and its resamples. Balanced: cost and latency, each in units of the best there is."""
    if objective is Objective.COST:
        return found.usd, found.usd_resampled
    if objective is Objective.LATENCY:
        return found.p95, found.p95_resampled
    usd, p95 = float(np.min(found.usd[places])), float(np.min(found.p95[places]))
    return (found.usd / usd + found.p95 / p95) / 2, (found.usd_resampled / usd + found.p95_resampled / p95) / 2


def _saving(
    found: Resampled, current: Setting, suggested: Setting | None, jobs_per_month: float | None
) -> Interval | None:
    if suggested is None or jobs_per_month is None or not {current, suggested} <= set(found.settings):
        return None
    now, then = (found.settings.index(setting) for setting in (current, suggested))
    saved = found.usd_resampled[:, now] - found.usd_resampled[:, then]
    return _times(statistics.interval(float(found.usd[now] - found.usd[then]), saved), jobs_per_month)


def _finding(
    measured: Measured,
    rows: tuple[SizedSetting, ...],
    suggested: Setting | None,
    saving: Interval | None,
    objective: Objective,
) -> str:
    where = " on the twin" if measured.twin else ""
    goal = GOALS[objective]
    if suggested is None:
        reasons = {row.unfit for row in rows if row.unfit}
        why = (
            reasons.pop()
            if len(reasons) == 1
            else "each has a reason against it"
            if reasons
            else "nothing was measured"
        )
        return f"No setting is suggested for {measured.function}{where}: {why}."
    if suggested == measured.current:
        return f"Keep {suggested} for {measured.function}{where}: no measured setting is clearly better for {goal}."
    p95 = {row.setting: row.duration_p95_ms for row in rows}
    now, then = p95.get(measured.current), p95[suggested]
    slower = f"; p95 {formatting.latency(now.value)} → {formatting.latency(then.value)}" if now and then else ""
    close = next(row.against for row in rows if row.setting == suggested) == TOO_CLOSE
    before, after = _named(measured.current, suggested)
    if objective is Objective.BALANCED and saving is not None and not close and now and then:
        goal = _gained(saving.value > 0, then.value < now.value)
    change = f"Change {measured.function} from {before} to {after} for {goal}{where}"
    return f"{change}{_money(saving, close)}{slower}."


def _gained(cheaper: bool, faster: bool) -> str:
    """What a change is for that weighs both: the one that it pays with is no goal of it."""
    if cheaper is faster:
        return GOALS[Objective.BALANCED]
    return GOALS[Objective.COST if cheaper else Objective.LATENCY]


def _named(current: Setting, suggested: Setting) -> tuple[str, str]:
    """Both with their batch size where that is to be changed, and without where it is not."""
    if current.batch_size == suggested.batch_size:
        return f"{current.memory_mb:,} MB", f"{suggested.memory_mb:,} MB"
    before, after = (f"{setting.memory_mb:,} MB in batches of {setting.batch_size}" for setting in (current, suggested))
    return before, after


def _money(saving: Interval | None, close: bool) -> str:
    if saving is None:
        return ""
    if close:
        return ": costs about the same"
    more = "" if saving.value >= 0 else " more"
    return f": {'costs' if more else 'saves'} {formatting.usd(abs(saving.value))}{more} per month"


def _consequences(measured: Measured, rows: tuple[SizedSetting, ...], suggested: Setting | None) -> tuple[str, ...]:
    """What else is to be set, where the suggestion is carried out."""
    if suggested is None or suggested == measured.current:
        return ()
    notes = []
    if suggested.batch_size != measured.current.batch_size:
        if suggested.batch_size > 10 and measured.window_s < 1:
            notes.append("Batches of more than 10 need a batching window of at least 1 s.")
        if measured.observed.jobs_per_month:
            per_second = measured.observed.jobs_per_month / 730 / 3600
            fills = formatting.duration(suggested.batch_size / per_second)
            notes.append(
                f"At the observed rate a batch of {suggested.batch_size} takes {fills} to arrive: without a window of that "
                "length batches are smaller, and a window delays every job by up to its length."
            )
    wanted = VISIBILITY_TIMES * measured.timeout_s
    if measured.visibility_s < wanted:
        notes.append(
            f"The visibility timeout is {measured.visibility_s} s; AWS recommends {VISIBILITY_TIMES} times the function's "
            f"timeout, {wanted} s."
        )
    return tuple(notes)


def _limits(measured: Measured, rows: tuple[SizedSetting, ...], prices: Prices) -> tuple[str, ...]:
    """What keeps the result from being the whole truth."""
    notes = [
        "USD are Lambda's duration, INIT and requests at the first tier; queue, logs and API are not in them.",
    ]
    if any(row.duration_p95_ms and row.duration_p95_ms.high is None for row in rows):
        notes.append(
            f"The upper end of a p95 takes {P95_INVOCATIONS} warm invocations of a setting (--invocations); where there are fewer it "
            "is unknown."
        )
    if measured.stopped:
        notes.append(f"The sweep ended early: {measured.stopped}")
    if measured.region not in (prices.region,) or prices.borrowed:
        notes.append(
            f"There are no prices of {measured.region} on file: those of {prices.region} are used (ops prices refresh)."
            if measured.region != prices.region
            else f"Of {prices.region} the price of {', '.join(prices.borrowed)} is missing: us-east-1's is used."
        )
    if measured.twin:
        most = round((measured.cores or 1) * sizes.MB_PER_VCPU)
        notes.append(
            f"Measured on this machine's cores, which are not Lambda's: sizes compare, milliseconds do not. Above {most:,} MB "
            "nothing is faster here, as the machine has no more cores."
        )
        if measured.load and measured.cores and measured.load > BUSY * measured.cores:
            notes.append(
                f"The machine was busy (load {measured.load:.0f} on {measured.cores} cores), so environments had less CPU than "
                "their memory brings: measure again when it is quiet."
            )
    return tuple(notes)
