"""Causes: are the messages of known root causes told apart, and is what is said of them true?

First workloads of others (``_log_worlds``): more than 5,000 messages whose failures are logged in 26 shapes, in log
groups of their own and shared ones; their logs are in memory, and all else is as an operator would run it.

Then more than a thousand messages of eight known root causes, which the real handler failed on a twin of its own.

The incidents come one after the other: bodies cut off, a misspelt parameter, a kind of job that is not there, lost
data, data that nothing can be learned from, jobs that never end, jobs that outgrow the memory, and at last a missing
table. Each job's id names its root cause, which nothing that is measured reads. Then: one scan, one explaining.

Prints JSON on its last line: pure_share (messages in the group that holds most of their root cause, where that root
cause is also the group's commonest), right_share (whose cause is what happened), false_certain (whose cause is wrong
and stated as known, not as likely), messages; metrics_right_share of metrics_messages that no log line tells of
(throttled, received elsewhere, returned without delete); and of the real handler: handler_pure_share, found_kinds (root causes
that have such a group), kinds, handler_messages, and what it took: scan_s, causes_s, queries. ``--part`` runs one of the two.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.deadletters import causes
from ops.deadletters.queue import open_queue
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.target import resolve
from ops.twin.workload.jobs import ENDLESS_RESAMPLES, FEATURES, OUTCOME, Table, charity
from tests.fakes import metric_worlds
from tests.fakes.log_worlds import Tally, worlds
from tests.twins import Twin, start, wait_for

MESSAGES = 1_000
REACH = 0.98
PURE, RIGHT = 0.97, 0.95
"""Reach of the workloads of others; and no cause that is wrong may be stated as certain."""
SHARES = {"cut": 0.2, "misspelt": 0.2, "unknown": 0.15, "lost": 0.2, "useless": 0.1, "missing": 0.13}
"""Of ``MESSAGES``. A killed job takes its three receives of half a minute, so there are fewer of those."""
KILLERS = 14
PARAMETERS = {
    # Long, so that on a busy machine a job that outgrows the memory does so before its time is up.
    "FunctionTimeout": "30",
    "QueueVisibilityTimeout": "35",
}
PATIENCE_S = 900.0
SETTLED_S = 3.0
"""Until what the last environments said has come to the log group."""
_TRUTH = re.compile(r'"job_id": ?"([a-z]+)-\d+')


class Incidents:
    """Bodies of jobs that die of a root cause, by its name."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._random = random.Random(3)
        self._table: Table = {str(name): column.tolist() for name, column in charity().items()}

    def body(self, cause: str, number: int) -> str:
        make: Callable[[], dict[str, Any]] = getattr(self, f"_{cause}")
        job = {"schema": contract.JOB_SCHEMA, "job_id": f"{cause}-{number}", **make()}
        text = json.dumps(job)
        return text[: self._random.randint(60, len(text) - 2)] if cause == "cut" else text

    def _cut(self) -> dict[str, Any]:
        return self._ordinary()

    def _misspelt(self) -> dict[str, Any]:
        return {**self._ordinary(), "params": {"outcom": OUTCOME}}

    def _unknown(self) -> dict[str, Any]:
        return {**self._ordinary(), "kind": self._random.choice(["cluster", "segment", "forecast"])}

    def _lost(self) -> dict[str, Any]:
        return {"kind": "describe", "data": f"s3://{self._bucket}/inputs/{self._random.getrandbits(64):x}.csv"}

    def _useless(self) -> dict[str, Any]:
        columns = {**self._slice(60), OUTCOME: [0] * 60}
        return {"kind": "train", "data": {"columns": columns}, "params": {"outcome": OUTCOME}}

    def _endless(self) -> dict[str, Any]:
        params = {"outcome": OUTCOME, "resamples": ENDLESS_RESAMPLES}
        return {"kind": "describe", "data": {"columns": self._slice(200)}, "params": params}

    def _huge(self) -> dict[str, Any]:
        donors = [f"recipient-{number}" for number in range(14_000)]
        return {"kind": "prepare", "data": {"columns": {"donor": donors}}, "params": {"max_categories": 100_000}}

    def _missing(self) -> dict[str, Any]:
        return self._ordinary()

    def _ordinary(self) -> dict[str, Any]:
        return {"kind": "describe", "data": {"columns": self._slice(self._random.randint(10, 40))}}

    def _slice(self, rows: int) -> Table:
        begin = self._random.randrange(4_000)
        return {name: self._table[name][begin : begin + rows] for name in (OUTCOME, *FEATURES)}


def fill(twin: Twin, messages: int) -> int:
    """Send the jobs of each incident and wait until all are in the dead-letter queue; how many those are."""
    incidents = Incidents(twin.outputs[contract.OUTPUT_BUCKET])
    counts = {cause: max(1, round(share * messages)) for cause, share in SHARES.items()}
    rejected = [(cause, number) for cause, count in counts.items() if cause != "missing" for number in range(count)]
    random.Random(5).shuffle(rejected)
    waves = [
        rejected,
        [("endless", number) for number in range(KILLERS)],
        [("huge", number) for number in range(KILLERS)],
        [("missing", number) for number in range(counts["missing"])],
    ]
    sent = 0
    for wave in waves:
        if wave[0][0] == "missing":
            twin.client("dynamodb").delete_table(TableName=twin.outputs[contract.OUTPUT_TABLE])
        began = time.monotonic()
        send(twin, [incidents.body(cause, number) for cause, number in wave])
        sent += len(wave)
        wait_for(lambda: dead(twin) >= sent, PATIENCE_S, f"{dead(twin)} of {sent} jobs died", pause=1.0)  # noqa: B023
        print(f"{wave[-1][0]}: {len(wave)} messages in {time.monotonic() - began:.0f} s")
    return sent


def send(twin: Twin, bodies: list[str]) -> None:
    sqs, url = twin.client("sqs"), twin.outputs[contract.OUTPUT_QUEUE_URL]
    for body in bodies if max(map(len, bodies)) > 100_000 else ():
        sqs.send_message(QueueUrl=url, MessageBody=body)
    for at in range(0, len(bodies) if max(map(len, bodies)) <= 100_000 else 0, 10):
        some = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies[at : at + 10])]
        assert not sqs.send_message_batch(QueueUrl=url, Entries=some).get("Failed")


def dead(twin: Twin) -> int:
    names = ["ApproximateNumberOfMessages"]
    answer = twin.client("sqs").get_queue_attributes(
        QueueUrl=twin.outputs[contract.OUTPUT_DLQ_URL], AttributeNames=names
    )
    return int(answer["Attributes"][names[0]])


def measure() -> dict[str, float]:
    """Look and explain as an operator does; then compare groups with the truth."""
    target = resolve(environ=os.environ)
    aws = Aws(target)
    source = open_queue(aws, workload.describe(aws, target))
    began = time.monotonic()
    scan_queue(source)
    scanned = time.monotonic()
    done = causes.explain_causes(source)
    explained = time.monotonic()
    by_group: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    with Snapshot.open(source) as snapshot:
        names = {group.fingerprint: f"{group.error_type}: {group.label}"[:90] for group in snapshot.groups()}
        for stored in snapshot.iterate():
            kind = truth(stored.message.body)
            by_group[stored.cause.fingerprint][kind] += 1
            by_kind[kind][stored.cause.fingerprint] += 1
    for mark, kinds in by_group.items():
        print(f"{mark:10} {names[mark]:90} {dict(kinds)}")
    home = {kind: groups.most_common(1)[0][0] for kind, groups in by_kind.items()}
    right = {kind: mark for kind, mark in home.items() if by_group[mark].most_common(1)[0][0] == kind}
    messages = sum(groups.total() for groups in by_group.values())
    return {
        "handler_pure_share": round(sum(by_group[mark][kind] for kind, mark in right.items()) / messages, 4),
        "found_kinds": len(right),
        "kinds": len(by_kind),
        "handler_messages": messages,
        "scan_s": round(scanned - began, 2),
        "causes_s": round(explained - scanned, 2),
        "queries": done.queries,
    }


def truth(body: str) -> str:
    found = _TRUTH.search(body)
    return found[1] if found else "?"


def others() -> dict[str, float]:
    """The workloads of others, one after the other; prints what was taken for something else."""
    total, unlogged = Tally(), Tally()
    for world in worlds():
        done, by_metrics = metric_worlds.tally(world)
        where = "shared group" if world.shared else "own group"
        shares = f"{done.right / done.messages:.0%} right, {done.pure / done.messages:.0%} pure"
        print(f"{world.shape.name:28} {where:12} {shares}, {done.false_certain} falsely certain")
        for text, number in done.wrong.most_common(3):
            print(f"    {number} {text}")
        for text, number in by_metrics.wrong.most_common(3):
            print(f"    by metrics: {number} {text}")
        total.add(done)
        unlogged.add(by_metrics)
    return {
        "pure_share": round(total.pure / total.messages, 4),
        "right_share": round(total.right / total.messages, 4),
        "false_certain": total.false_certain + unlogged.false_certain,
        "messages": total.messages,
        "metrics_right_share": round(unlogged.right / unlogged.messages, 4),
        "metrics_messages": unlogged.messages,
    }


def handler(messages: int) -> tuple[dict[str, float], int]:
    """The figures of this project's handler, and how many jobs it buried."""
    with tempfile.TemporaryDirectory(prefix="bench-twin-") as folder:
        print("Starting a twin …")
        with start(Path(folder), PARAMETERS) as twin:
            os.environ["OPS_TWIN_DIR"] = folder
            sent = fill(twin, messages)
            time.sleep(SETTLED_S)
            return measure(), sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--part", choices=("others", "handler"))
    asked = parser.parse_args()
    figures: dict[str, float] = {}
    reached = True
    if asked.part != "handler":
        figures |= others()
        shares = figures["pure_share"] >= PURE and min(figures["right_share"], figures["metrics_right_share"]) >= RIGHT
        reached = shares and not figures["false_certain"]
    if asked.part != "others":
        found, sent = handler(asked.messages)
        whole = found["handler_messages"] == sent and found["found_kinds"] == found["kinds"]
        reached = reached and whole and found["handler_pure_share"] >= REACH
        figures |= found
    print(json.dumps(figures))
    sys.exit(not reached)


if __name__ == "__main__":
    main()
