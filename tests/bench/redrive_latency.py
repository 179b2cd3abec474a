"""Redriving against an SQS whose every call takes 15 ms more, as a real region answers.

SQS is a small one in memory, in a process of its own. The native cap is what StartMessageMoveTask does at most (500
messages a second; SQS API, 2026-11). Prints JSON on its last line: ours_msgs_s (median), native_cap_msgs_s, ratio,
lost, duplicates.

    .venv/bin/python -m tests.bench.redrive_latency [--messages 20000] [--rounds 3] [--latency 0.015]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile

from ops.target import Target
from tests.bench import _moving
from tests.fakes.sqs.client import FakeSqs
from tests.fakes.sqs.messages import REGION
from tests.fakes.sqs.server import serve

NATIVE_CAP = 500


def once(aws: FakeSqs, messages: int, latency_s: float, name: str) -> tuple[float, int, int]:
    """Messages a second, lost, doubled."""
    aws.queue(f"{name}-dead")
    aws.queue(name, dlq=f"{name}-dead")
    source = _moving.opened(Target(queue=name, region=REGION))
    aws.latency(0)
    _moving.fill(source, messages)
    aws.latency(latency_s)
    took = _moving.ours(source, messages)
    aws.latency(0)
    lost, doubled = _moving.counted(_moving.empty(source, source.workload.queue), messages)
    return messages / took, lost, doubled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.015, help="seconds")
    options = parser.parse_args()
    with serve(process=True) as aws, tempfile.TemporaryDirectory(prefix="redrive-bench-") as home:
        os.environ |= {**aws.environ(), "OPS_HOME": home, "OPS_TARGET": "aws"}
        found = []
        for number in range(options.rounds):
            found.append(once(aws, options.messages, options.latency, f"bench-{number}"))
            print(f"{found[-1][0]:.0f} messages/s", flush=True)
    rate = statistics.median(rate for rate, _, _ in found)
    figures = {
        "ours_msgs_s": round(rate),
        "native_cap_msgs_s": NATIVE_CAP,
        "ratio": round(rate / NATIVE_CAP, 2),
        "lost": sum(lost for _, lost, _ in found),
        "duplicates": sum(doubled for _, _, doubled in found),
        "messages": options.messages,
        "latency_ms": round(options.latency * 1000, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
