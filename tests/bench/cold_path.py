"""A cold start of the handler beside the same service written the straightforward way (``_naive_handler``).

Both run in real ``awslambdaric`` processes against a Runtime API and AWS on loopback, in turn. The job is real: 60
recipients of the charity table, scored with a model trained on all of them, which lies in S3.

    .venv/bin/python -m tests.bench.cold_path [--repeat 9]

``init``: process start to the first ``invocation/next``. ``first``: process start to the answer of the first job,
its result written to S3 and announced. The last line is JSON, in milliseconds (medians) and ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from typing import Any

from handler import jobs
from handler.job import parse
from tests.fakes.handler_aws import FakeAws
from tests.fakes.runtime_api import RuntimeApi
from tests.handler.worlds import FEATURES, VARIABLES, charity, job, record

HANDLERS = {"ours": "handler.app.lambda_handler", "naive": "tests.bench._naive_handler.lambda_handler"}
MODEL_KEY = "models/charity.json"


def train() -> bytes:
    params = {"outcome": "respond", "features": FEATURES}
    outcome = jobs.run(parse(job("train", data=charity(), params=params)), lambda name: b"")
    return json.dumps(outcome.artifacts["model.json"]).encode()


def cold_start(name: str, model: bytes, body: str) -> tuple[float, float, dict[str, Any]]:
    """One environment: milliseconds to ready and to the first answer, and the result it stored."""
    with FakeAws() as aws:
        aws.objects["results", MODEL_KEY] = model
        with RuntimeApi(HANDLERS[name], {**VARIABLES, "AWS_ENDPOINT_URL": aws.url}) as environment:
            ready = environment.wait_ready()
            answer = environment.invoke({"Records": [record("message-1", body)]})
            if answer != {"batchItemFailures": []} or len(aws.events) != 1:
                raise SystemExit(f"{name} failed its job: {answer}")
            started = environment.started
            result: dict[str, Any] = aws.result("job-1")["result"]
            return (ready - started) * 1000, (environment.answered - started) * 1000, result


def same(one: Any, other: Any) -> bool:
    """Equal documents, numbers up to rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=9, help="cold starts of each")
    repeat = parser.parse_args().repeat
    model = train()
    body = job(data=charity(60, FEATURES), params={"model": f"s3://results/{MODEL_KEY}"})
    results = {name: cold_start(name, model, body)[2] for name in HANDLERS}  # also writes the byte code
    if not same(results["ours"], results["naive"]):
        raise SystemExit(f"the two do not do the same job: {results}")

    times: dict[str, list[tuple[float, float]]] = {name: [] for name in HANDLERS}
    for _ in range(repeat):
        for name, found in times.items():
            found.append(cold_start(name, model, body)[:2])
            print(f"{name}: ready after {found[-1][0]:.0f} ms, first answer after {found[-1][1]:.0f} ms")
    init, first = (
        {name: statistics.median(t[part] for t in found) for name, found in times.items()} for part in (0, 1)
    )
    figures = {
        "ours_init_ms": round(init["ours"], 1),
        "naive_init_ms": round(init["naive"], 1),
        "init_ratio": round(init["ours"] / init["naive"], 3),
        "ours_first_ms": round(first["ours"], 1),
        "naive_first_ms": round(first["naive"], 1),
        "cold_ratio": round(first["ours"] / first["naive"], 3),
        "repeat": repeat,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
