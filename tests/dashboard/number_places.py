"""Where numbers stand: what each tile, note and sentence counts. Numbers of one name must be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RATE, COUNT, SPAN = r"([\d,.]+/min)", r"([\d,.]+)", r"((?:[\d.]+ (?:s|min|h|d)\b ?)+)"

CARDS = {
    "depth": "queued",
    "age": "age of oldest",
    "concurrency": "concurrency",
    "cold_share": "cold share",
    "cost": "cost per 1,000",
    "dead": "dead letters",
}
STATS: Mapping[tuple[str, str], str] = {
    ("queue", "Queued"): "queued",
    ("queue", "In flight"): "in flight",
    ("queue", "Age of oldest message"): "age of oldest",
    ("queue", "Arrival rate"): "arrival rate",
    ("queue", "Processing rate"): "processing rate",
    ("queue", "Time to drain"): "time to drain",
    ("concurrency", "Concurrency"): "concurrency",
    ("concurrency", "Lowest limit"): "lowest limit",
    ("concurrency", "Throttles"): "throttles",
    ("concurrency", "Backlog"): "queued",
    ("concurrency", "Arrival rate"): "arrival rate",
    ("forecast", "Backlog"): "forecast backlog",
    ("forecast", "Arrivals forecast"): "forecast arrivals",
    ("forecast", "Drained in"): "forecast drained",
    ("forecast", "Peak age"): "forecast peak age",
    ("forecast", "Peak in flight"): "forecast in flight",
    ("forecast", "Cost to drain"): "forecast cost",
    ("cold_starts", "Cold starts"): "cold share",
    ("cold_starts", "Init p50"): "init p50",
    ("cold_starts", "Init p95"): "init p95",
    ("cold_starts", "Init p99"): "init p99",
    ("cold_starts", "Init cost"): "init cost",
    ("failures", "Failed invocations"): "failed invocations",
    ("failures", "Failed jobs"): "failed jobs",
    ("failures", "Rejected jobs"): "rejected jobs",
    ("failures", "Duration p95"): "duration p95",
    ("cost", "Cost per 1,000 jobs"): "cost per 1,000",
    ("cost", "Total cost"): "total cost",
    ("cost", "Monthly estimate"): "monthly estimate",
    ("cost", "Break-even"): "break-even",
    ("cost", "Spent on failed jobs"): "failed share of the cost",
    ("dead_letters", "In the DLQ"): "dead letters",
    ("dead_letters", "Arrived in range"): "arrived dead letters",
    ("dead_letters", "Oldest"): "oldest dead letter",
    ("alarms", "In ALARM"): "alarms firing",
}
NOTES: Mapping[str, Sequence[tuple[str, str]]] = {
    "depth": (("in flight", rf"{COUNT} in flight"),),
    "concurrency": (("lowest limit", rf"limit {COUNT}(?: now)? \("),),
    "cold_share": (("cold starts", rf"{COUNT} of"), ("recorded invocations", rf"of {COUNT} invocations")),
    "cost": (("successful jobs", rf"^{COUNT} successful job"),),
    "dead": (("oldest dead letter", rf"oldest {SPAN}"),),
    "Cold starts": (("cold starts", rf"{COUNT} of"), ("recorded invocations", rf"of {COUNT} invocations")),
    "Total cost": (("successful jobs", rf"^{COUNT} successful job"),),
    "Spent on failed jobs": (("cost of failures", r"^(\$[\d.,]+)"),),
    "Settings": (("critical settings", rf"^{COUNT} critical"), ("setting warnings", rf", {COUNT} warning")),
    "Duration p95": (("peak duration p95", r"peak ([\d.,]+ m?s)"),),
    "Failed invocations": (("invocations", rf"of {COUNT}$"), ("failed share", r"^([\d.]+%)")),
}
SENTENCES = (
    ("queued", rf"(?:^|[ ;]){COUNT} queued"),
    ("queued and in flight", rf"{COUNT} messages? in the queue"),
    ("dead letters", rf"(?:^|[:;] ){COUNT} dead letters?\b"),
    ("arrived dead letters", rf", (?:at least )?{COUNT} arrived in the"),
    ("oldest dead letter", rf"the oldest has been there for {SPAN}"),
    ("age of oldest", rf"the oldest (?:message has waited|for) {SPAN}"),
    ("arrival rate", rf"{RATE} arriving"),
    ("processing rate", rf"{RATE} processed"),
    ("time to drain", rf"drained in {SPAN}"),
    ("throttles", rf"{COUNT} invocations? (?:was|were) throttled"),
    ("errors", rf"{COUNT} invocations? crashed"),
    ("failed invocations", rf"{COUNT} of [\d,]+ invocations? failed"),
    ("invocations", rf"[\d,]+ of {COUNT} invocations? failed"),
    ("failed share", r"invocations? failed \(([\d.]+%)\)"),
    ("failed jobs", rf"{COUNT} attempts? at a job failed"),
    ("rejected jobs", rf"{COUNT} jobs? (?:was|were) rejected"),
    ("cold starts", rf"{COUNT} of [\d,]+ invocations were cold"),
    ("recorded invocations", rf"[\d,]+ of {COUNT} invocations were cold"),
    ("cold share", r"were cold \(([\d.]+%)\)"),
    ("init p95", r"p95 init ([\d.,]+ m?s)"),
    ("init cost", r"INIT cost (\$[\d.,]*\d)"),
    ("duration p95", r"(?<!peak )p95 duration (?:is )?([\d.,]+ m?s)"),
    ("peak duration p95", r"peak p95 duration (?:is )?([\d.,]+ m?s)"),
    ("cost per 1,000", r"1,000 successful jobs cost (\$[\d.,]*\d)"),
    ("monthly estimate", r"at this rate (\$[\d.,]*\d) per month"),
    ("cost of failures", r"of the cost \((\$[\d.,]*\d)\)"),
    ("total cost", r"(\$[\d.,]*\d) spent"),
)
"""What sentences count, and how they word it."""
FORECAST_SENTENCES = (
    ("forecast backlog", rf"{COUNT} messages? drained in"),
    ("forecast drained", rf"drained in {SPAN}"),
    ("forecast arrivals", rf"{RATE} arriving"),
)
"""What the forecast's sentence counts: by its model, and not by the rates of now as the other pages do."""
