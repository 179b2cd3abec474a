"""Redriving 20,000 messages of 1 KB on a twin of its own: the real engine, with its ledger, beside bare loops.

The ceiling is receive, send and delete in batches of ten with boto3 and no record of anything, on the best number of
threads; naive is the same on one thread. Rounds are interleaved. Prints JSON on its last line: ours_msgs_s,
ceiling_msgs_s, naive_msgs_s (medians over the rounds), ratio_to_ceiling, ratio_to_naive, lost, duplicates (of ours).

    .venv/bin/python -m tests.bench.redrive [--messages 20000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from ops.target import resolve
from tests.bench import _moving
from tests.twins import Twin, start

THREADS = (2, 3, 4, 6, 8)
TRIAL = 3000


def measure(twin: Twin, messages: int, rounds: int) -> dict[str, float | int]:
    admin = twin.client("sqs")
    dead = admin.create_queue(QueueName="bench-dead")["QueueUrl"]
    arn = admin.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})}
    jobs = admin.create_queue(QueueName="bench-jobs", Attributes=policy)["QueueUrl"]
    source = _moving.opened(resolve(queue="bench-jobs"))
    lost = duplicates = 0

    def bare(count: int, threads: int) -> float:
        _moving.fill(source, count)
        took = _moving.bare(admin, dead, jobs, count, threads)
        _moving.empty(source, source.workload.queue)
        forget()
        return took

    def ours() -> float:
        nonlocal lost, duplicates
        _moving.fill(source, messages)
        took = _moving.ours(source, messages)
        gone, doubled = _moving.counted(_moving.empty(source, source.workload.queue), messages)
        lost, duplicates = lost + gone, duplicates + doubled
        forget()
        return took

    def forget() -> None:
        for path in source.folder.glob("shelf.db*"):
            path.unlink()

    trials = {threads: TRIAL / bare(TRIAL, threads) for threads in THREADS}
    best = max(trials, key=lambda threads: trials[threads])
    print("trials of the ceiling, threads → messages/s:", {threads: round(rate) for threads, rate in trials.items()})
    contenders: dict[str, Callable[[], float]] = {
        "ours": ours,
        "ceiling": lambda: bare(messages, best),
        "naive": lambda: bare(messages, 1),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for name, seconds in _moving.interleaved(rounds, contenders):
        rates[name].append(messages / seconds)
        print(f"{name}: {messages / seconds:.0f} messages/s", flush=True)
    median = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "ours_msgs_s": round(median["ours"]),
        "ceiling_msgs_s": round(median["ceiling"]),
        "naive_msgs_s": round(median["naive"]),
        "ratio_to_ceiling": round(median["ours"] / median["ceiling"], 2),
        "ratio_to_naive": round(median["ours"] / median["naive"], 2),
        "lost": lost,
        "duplicates": duplicates,
        "ceiling_threads": best,
        "messages": messages,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redrive-bench-") as folder, start(Path(folder) / "twin") as twin:
        os.environ["OPS_TWIN_DIR"] = str(twin.folder)
        figures = measure(twin, options.messages, options.rounds)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
