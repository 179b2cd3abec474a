"""The snapshot with 100,000 messages of about 1 KB: scanned, explained, filtered, and shown on a page.

The messages are in an SQS server of a process of its own: nine tenths sent by the handler with one of eight errors,
whose messages differ in ids, paths and numbers; a tenth that nothing is known of. Nothing is in any log.

Prints JSON on its last line: ``scan_s`` (a scan of all of them), ``causes_s`` (explaining: reading, fingerprints,
guesses, writing), ``filter_ms`` (the slowest of some filters, each answered for the first time, its first page and its
count), ``page_ms`` (the Dead letters page's script: its second run, or one with a filter that it has not seen),
``rss_mb`` (of this process, at most).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboard.pages import PAGES
from handler import contract
from ops import workload
from ops.aws import Aws
from ops.deadletters import causes
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.target import resolve
from tests.fakes.sqs.server import serve

MESSAGES = 100_000
SEED = 3
PUT = 5_000
ERRORS = (
    ("InvalidJob", "field 'params.alpha' of job {id} must be a number, not 'x{n}'"),
    ("DataNotFound", "s3://results-{n}/data/{id}.csv is not there"),
    ("UnknownJob", "no job of kind 'kind-{n}'"),
    ("SchemaMismatch", "column 'c{n}' is missing from /mnt/data/{id}/table.csv"),
    ("LinAlgError", "Singular matrix"),
    ("NotFittedError", "model {id} was never trained (version {n})"),
    ("TimeoutError", "no answer from 10.0.{m}.{m}:5432 after {n} ms"),
    ("KeyError", "'customer-{id}'"),
)
FILTERS = (
    Selection(where="body.params.alpha > `0.5`"),
    Selection(where="body.kind == 'train' && body.params.tenant == 't7'"),
    Selection(where="contains(body.params.note, 'rush')"),
    Selection(where="attributes.Tenant == 't7' || starts_with(body.job_id, '00')"),
    Selection(where="cause.error_type == 'KeyError' && body.kind != 'score'"),
    Selection(text="rush"),
)


def messages(count: int) -> Iterator[dict[str, Any]]:
    """In the form of SQS; every tenth says nothing of its cause."""
    chance = random.Random(SEED)
    for number in range(count):
        job = f"{chance.getrandbits(128):032x}"
        tenant = f"t{chance.randrange(50)}"
        body = {
            "schema": contract.JOB_SCHEMA,
            "job_id": job,
            "kind": chance.choice(contract.JOB_KINDS),
            "data": {"columns": {name: [round(chance.random(), 4) for _ in range(24)] for name in "abcd"}},
            "params": {"alpha": chance.random(), "tenant": tenant, "note": chance.choice(("rush", "later", ""))},
        }
        told = {"Tenant": tenant}
        if number % 10:
            kind, text = chance.choice(ERRORS)
            numbers = {"id": job[:12], "n": chance.randrange(10_000), "m": chance.randrange(256)}
            told |= {contract.DLQ_ERROR_TYPE: kind, contract.DLQ_ERROR_MESSAGE: text.format(**numbers)}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
        yield {"body": json.dumps(body), "attributes": attributes}


@contextmanager
def filled_queue(count: int) -> Iterator[DeadLetterQueue]:
    """A queue of its own that holds ``count`` messages, on a server of its own."""
    with serve(process=True) as aws, tempfile.TemporaryDirectory() as home:
        os.environ |= {**aws.environ(), "OPS_HOME": home, "OPS_QUEUE": "jobs", "OPS_TARGET": "aws"}
        dead = aws.queue("jobs-dlq")
        aws.queue("jobs", dlq="jobs-dlq")
        page: list[dict[str, Any]] = []
        for message in messages(count):
            page.append(message)
            if len(page) == PUT:
                dead.put(page)
                page = []
        dead.put(page)
        target = resolve()
        reached = Aws(target)
        yield open_queue(reached, workload.describe(reached, target))


def timed(what: str, since: float) -> float:
    took = time.perf_counter() - since
    print(f"{what}: {took:.2f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", file=sys.stderr)
    return took


def filtering(source: DeadLetterQueue) -> float:
    """Seconds of the slowest filter, its first page and its count, on a snapshot just opened."""
    worst = 0.0
    for selection in FILTERS:
        begin = time.perf_counter()
        with Snapshot.open(source) as snapshot:
            found, page = snapshot.count(selection), snapshot.find(selection, limit=50)
        worst = max(worst, timed(f"{selection.where or selection.text}: {found} messages, {len(page)} shown", begin))
    return worst


def page() -> float:
    """Seconds of the page's script once everything is loaded: as it is, or with a filter that it has not seen."""
    from streamlit.testing.v1 import AppTest

    script = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"
    app = AppTest.from_file(str(script), default_timeout=120).run()
    app.switch_page(str(PAGES["dead_letters"].file.relative_to(script.parent))).run()
    begin = time.perf_counter()
    app.run()
    again = timed("page", begin)
    begin = time.perf_counter()
    box = next(box for box in app.text_input if box.label == "JMESPath")
    box.set_value("body.kind == 'score' && body.params.alpha < `0.25`").run()
    filtered = timed("page, another filter", begin)
    if app.exception or "Messages 1–" not in "".join(block.proto.body for block in app.get("html")):
        sys.exit(f"The page failed: {app.exception}")
    return max(again, filtered)


def measure(count: int) -> dict[str, Any]:
    with filled_queue(count) as source:
        begin = time.perf_counter()
        done = scan_queue(source)
        scan_s = timed("scan", begin)
        assert done.messages == count and done.complete, done
        begin = time.perf_counter()
        explained = causes.explain_causes(source)
        causes_s = timed(f"causes: {len(explained.groups)} groups", begin)
        filter_s, page_s = filtering(source), page()
        return {
            "scan_s": round(scan_s, 1),
            "filter_ms": round(filter_s * 1000),
            "causes_s": round(causes_s, 1),
            "page_ms": round(page_s * 1000),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    print(json.dumps(measure(parser.parse_args().messages)))


if __name__ == "__main__":
    main()
