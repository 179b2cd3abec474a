"""``python -m ops.twin.sqsd --queue-url URL --address http://127.0.0.1:8080 [--option NAME=VALUE] [--cron FILE]``

AWS's own variables name the endpoint, the keys and the region."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import boto3
from botocore.config import Config

from ops.errors import OpsError
from ops.twin.sqsd import cron_yaml
from ops.twin.sqsd.daemon import Worker
from ops.twin.sqsd.settings import WorkerOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queue-url", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--cron", type=Path)
    given = parser.parse_args()
    try:
        options = WorkerOptions.of(dict(text.partition("=")[::2] for text in given.option))
        tasks = cron_yaml.read(given.cron) if given.cron else ()
        config = Config(max_pool_connections=options.http_connections + 2, connect_timeout=3)
        sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"), config=config)
        worker = Worker(sqs, given.queue_url, given.address, options, tasks, lambda line: print(line, flush=True))  # noqa: T201 - its log
    except OpsError as error:
        sys.exit(f"{error} {error.next_step}".strip())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop)


if __name__ == "__main__":
    main()
