"""Queues filled, moved and counted, for the benches of the redrive."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops import workload
from ops.aws import Aws, sqs
from ops.deadletters import plans
from ops.deadletters.ledger.model import RunState
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Destination, Pace, Plan, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.snapshot import Snapshot
from ops.target import Target

BODY_BYTES = 1024
HANDS = 8  # threads that fill and count, which is not measured


def bodies(count: int) -> list[str]:
    """Different from each other, of 1 KB."""
    return [f"{number:08d}".ljust(BODY_BYTES, "x") for number in range(count)]


def opened(target: Target) -> DeadLetterQueue:
    """The dead-letter queue of the workload at ``target.queue``."""
    aws = Aws(target)
    return open_queue(aws, workload.describe(aws, target))


def fill(source: DeadLetterQueue, count: int) -> None:
    """Letters in the dead-letter queue and in the snapshot."""
    door = source.aws.without_retries(20)

    def put(first: int) -> list[sqs.Message]:
        texts = made[first : first + sqs.MAX_BATCH]
        entries: Any = [{"Id": str(at), "MessageBody": text} for at, text in enumerate(texts)]
        done = door.sqs.send_message_batch(QueueUrl=source.queue.url, Entries=entries)["Successful"]
        now = {"SentTimestamp": str(int(time.time() * 1000))}
        return [sqs.Message(each["MessageId"], "", texts[int(each["Id"])], {}, now) for each in done]

    made = bodies(count)
    with ThreadPoolExecutor(HANDS) as pool:
        sent = [message for batch in pool.map(put, range(0, count, sqs.MAX_BATCH)) for message in batch]
    door.disconnect()
    if len(sent) != count:
        raise SystemExit(f"{len(sent)} of {count} messages were taken.")
    with Snapshot.open(source) as snapshot:
        snapshot.add(map(parse.parse_message, sent), Place.QUEUE)


def plan(source: DeadLetterQueue) -> Plan:
    """All of it, as fast as it goes, in one step whose outcome nobody awaits."""
    queue = source.workload.queue
    return plans.make_plan(
        source,
        Selection(),
        destination=Destination("queue", queue.url, queue.arn),
        pace=Pace(None, headroom=False),
        steps=Steps(watch=False),
        engine="ledger",
    )


def ours(source: DeadLetterQueue, count: int) -> float:
    """Seconds that the real engine takes, from its start to the record of its end."""
    made = plan(source)
    began = time.perf_counter()
    run = redrive.start_redrive(source, made, reason="bench")
    took = time.perf_counter() - began
    if run.state is not RunState.DONE or run.deleted != count:
        raise SystemExit(f"The run ended {run.state} with {run.deleted} of {count}: {run.status_text}")
    return took


def empty(source: DeadLetterQueue, queue: sqs.Queue) -> Counter[str]:
    """Take everything out of ``queue``: body → how often it was there."""
    door = source.aws.without_retries(20)
    found: Counter[str] = Counter()
    lock = threading.Lock()

    def take(_: int) -> None:
        while messages := sqs.receive_messages(door, queue, 120, 0):
            sqs.delete_batch(door, queue, [message.receipt for message in messages])
            with lock:
                found.update(message.body for message in messages)

    with ThreadPoolExecutor(HANDS) as pool:
        list(pool.map(take, range(HANDS)))
    door.disconnect()
    return found


def bare(client: Any, url_from: str, url_to: str, count: int, threads: int) -> float:
    """Seconds that receive, send and delete in batches of ten take, with boto3 and nothing else."""
    left = count
    lock = threading.Lock()

    def go() -> None:
        nonlocal left
        while left > 0:
            messages = client.receive_message(QueueUrl=url_from, MaxNumberOfMessages=10, VisibilityTimeout=60).get(
                "Messages", []
            )
            if not messages:
                continue
            send: Any = [{"Id": str(at), "MessageBody": each["Body"]} for at, each in enumerate(messages)]
            client.send_message_batch(QueueUrl=url_to, Entries=send)
            delete: Any = [{"Id": str(at), "ReceiptHandle": each["ReceiptHandle"]} for at, each in enumerate(messages)]
            client.delete_message_batch(QueueUrl=url_from, Entries=delete)
            with lock:
                left -= len(messages)

    began = time.perf_counter()
    workers = [threading.Thread(target=go) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


def counted(found: Counter[str], count: int) -> tuple[int, int]:
    """Lost and doubled ones of ``bodies(count)``."""
    lost = sum(text not in found for text in bodies(count))
    return lost, sum(times - 1 for times in found.values())


def interleaved(rounds: int, contenders: dict[str, Callable[[], float]]) -> Iterator[tuple[str, float]]:
    """Each contender in turn, ``rounds`` times, so that noise of the machine hits all alike."""
    for number in range(rounds):
        names = list(contenders)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            yield name, contenders[name]()
