"""End to end: real jobs posted to the API of a twin of its own, until each has a result or has died.

Counts distinct job ids: a result is a result object in the bucket, a dead job a letter in the dead-letter queue. Prints
JSON on its last line: sent, results, dead, lost (must be 0), jobs_s (finished jobs a second, from the first post to the
last ordinary result; the killed ones take three visibility timeouts more).
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import tempfile
import threading
import time
from pathlib import Path

from handler import contract
from ops.twin.workload import model
from ops.twin.workload.api_client import ApiClient
from ops.twin.workload.jobs import Job, JobMaker, Shares
from tests.twins import Twin, start

JOBS = 2000
POISON = 0.05
SENDERS = 4
DRAIN_TIMEOUT = 900.0
PARAMETERS = {
    # Long, so that on a busy machine only the job that never ends is killed: its three attempts take two minutes.
    "FunctionTimeout": "30",
    "QueueVisibilityTimeout": "40",
}


def jobs(address: str, count: int) -> list[Job]:
    """``count`` jobs with 5 % poison, and among them exactly one that times out and one that runs out of memory."""
    maker = JobMaker(address, Shares(poison=POISON, slow=0.0, repeated=0.0), seed=20, prefix="bench")
    made = [maker.next() for _ in range(count - 2)]
    made.insert(count // 3, maker.make("timeout"))
    made.insert(2 * count // 3, maker.make("memory"))
    return made


def post(twin: Twin, made: list[Job]) -> set[str]:
    """Post all of them with a few senders; the ids of those accepted."""
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in made:
        waiting.put(job)
    accepted: set[str] = set()

    def next_job() -> Job | None:
        try:
            return waiting.get_nowait()
        except queue.Empty:
            return None

    def send() -> None:
        with ApiClient(twin.state, twin.outputs) as poster:
            while (job := next_job()) is not None:
                answer = poster.post(job.body)
                if answer.status == 202:
                    accepted.add(job.job_id)
                else:
                    print(f"refused: {job.job_id}: {answer.status} {answer.text}", file=sys.stderr)

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return accepted


def results(twin: Twin) -> set[str]:
    """Job ids that have a result object."""
    pages = twin.client("s3").get_paginator("list_objects_v2")
    prefix = f"{contract.RESULT_PREFIX}bench-"
    found = (
        item["Key"]
        for page in pages.paginate(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Prefix=prefix)
        for item in page.get("Contents", [])
    )
    names = (key.removeprefix(contract.RESULT_PREFIX) for key in found)
    return {name.removesuffix(".json") for name in names if "/" not in name}


def take_letters(twin: Twin, dead: dict[str, str]) -> None:
    """Empty the dead-letter queue into ``dead``: job id → cause."""
    sqs, url = twin.client("sqs"), twin.outputs[contract.OUTPUT_DLQ_URL]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            cause = attributes.get(contract.DLQ_ERROR_TYPE, {}).get("StringValue", "killed")
            dead[json.loads(message["Body"])["job_id"]] = cause
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def run(twin: Twin, count: int) -> dict[str, float]:
    address = model.ensure(twin.state, print)
    assert address is not None  # only a stop gives none
    made = jobs(address, count)
    print(f"Posting {len(made)} jobs …")
    began = time.monotonic()
    sent = post(twin, made)
    print(f"Accepted {len(sent)} in {time.monotonic() - began:.1f} s; waiting until they are done …")
    dead: dict[str, str] = {}
    done: set[str] = set()
    finished_at = began
    while done | set(dead) != sent and time.monotonic() - began < DRAIN_TIMEOUT:
        time.sleep(1.0)
        before = len(done)
        done = results(twin)
        take_letters(twin, dead)
        if len(done) > before:
            finished_at = time.monotonic()
            print(f"{len(done)} results, {len(dead)} dead, {len(sent - done - set(dead))} to come")
    causes = {cause: list(dead.values()).count(cause) for cause in sorted(set(dead.values()))}
    print(f"Dead by cause: {causes}; both a result and a letter: {len(done & set(dead))}")
    return {
        "sent": len(sent),
        "results": len(done),
        "dead": len(dead),
        "lost": len(sent - done - set(dead)),
        "jobs_s": round(len(done) / (finished_at - began), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    count = parser.parse_args().jobs
    with tempfile.TemporaryDirectory(prefix="bench-twin-") as folder:
        print("Starting a twin …")
        with start(Path(folder), PARAMETERS) as twin:
            figures = run(twin, count)
    print(json.dumps(figures))
    sys.exit(figures["lost"] != 0 or figures["results"] + figures["dead"] != figures["sent"])


if __name__ == "__main__":
    main()
