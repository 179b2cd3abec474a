"""SQS in memory, over HTTP: fast enough to measure a client, and it can be made to fail.

    with serve(latency_s=0.015) as aws:
        dlq, jobs = aws.queue("jobs-dlq"), aws.queue("jobs", dlq="jobs-dlq")
        dlq.put([{"body": "…", "attributes": {…}}, …])
        boto3.client("sqs", endpoint_url=aws.endpoint, …)      # or with aws.environ() in the environment
        aws.fault(Fault("cut after", "SendMessageBatch", share=0.1)); aws.heal()
        aws.counts(), jobs.messages(), aws.advance(60)

``serve`` runs it on a thread of this process; with ``process=True`` in one of its own, so that it does not take the
interpreter from what is measured. ``python -m tests.fakes.sqs.server --port 4900`` serves until it is stopped.

STS, Lambda, CloudWatch and Logs answer as in an account that has nothing but queues. What it is not: signatures are not
checked, nothing expires by retention, move tasks are refused as unsupported.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.sqs.calls import Account, jsoned, other_service
from tests.fakes.sqs.faults import Fault
from tests.fakes.sqs.queues import ACCOUNT, IN_FLIGHT, REGION, Refused

SERVICES = {"AmazonSQS": "sqs", "Logs_20140328": "logs", "GraniteServiceVersion20100801": "cloudwatch"}
PAGE = 5000


class _Cut(Exception):
    """The connection is closed instead of an answer; ``share`` of it is sent first."""

    def __init__(self, share: float = 0.0) -> None:
        self.share = share


class _Server:
    def __init__(self, latency_s: float, seed: int) -> None:
        self.account = Account(seed)
        self.latency_s = latency_s
        self.connections: set[_Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def answer(self, path: str, target: str, host: str, body: bytes) -> tuple[int, bytes, str, bytes]:
        """Status, further headers, content type, body. Raises _Cut."""
        if path.startswith("/_control/"):
            return 200, b"", "application/json", jsoned(self._control(path.rsplit("/", 1)[-1], json.loads(body)))
        if target:
            prefix, operation = target.rsplit(".", 1)
            service, call = SERVICES.get(prefix, prefix), json.loads(body or b"{}")
        elif path == "/":
            parameters = dict(parse_qsl(body.decode()))
            service, operation, call = "query", parameters.get("Action", ""), parameters
        else:
            service, operation, call = "lambda", path, {}
        try:
            if service == "sqs":
                return 200, b"", "application/x-amz-json-1.0", jsoned(await self._sqs(operation, call, host))
            found = other_service(service, operation)
        except Refused as no:
            header = f"x-amzn-query-error: {no.query_code};{'Sender' if no.status < 500 else 'Receiver'}\r\n"
            header += f"x-amzn-errortype: {no.code}\r\n"
            error = {"__type": f"com.amazonaws.sqs#{no.code}", "message": no.message}
            return no.status, header.encode(), "application/x-amz-json-1.0", jsoned(error)
        if service == "query":
            xml = f"<{operation}Response><{operation}Result>{found}</{operation}Result></{operation}Response>"
            return 200, b"", "text/xml", xml.encode()
        return 200, b"", "application/x-amz-json-1.1", jsoned(found)

    async def _sqs(self, operation: str, call: dict[str, Any], host: str) -> Any:
        account = self.account
        account.calls[operation] += 1
        queue = str(call.get("QueueUrl") or call.get("QueueName") or "").rsplit("/", 1)[-1]
        faults = account.faults.of(operation, queue)
        kinds = {fault.kind for fault in faults}
        call["faults"] = faults
        call["entry faults"] = [(fault, account.faults.random.random) for fault in faults if fault.kind == "entries"]
        await self._pause([fault for fault in faults if fault.kind == "stall"])
        if "cut" in kinds:
            raise _Cut
        for fault in faults:
            account.before(fault, queue)
        found = await account.sqs(operation, call, host)
        for fault in faults:
            account.after(fault, queue)
        await self._pause([fault for fault in faults if fault.kind == "stall after"])
        if "cut after" in kinds:
            raise _Cut
        if "cut within" in kinds:
            raise _Cut(0.5)
        return found

    async def _pause(self, stalls: Sequence[Fault]) -> None:
        """Half of the latency on the way there, half on the way back."""
        if pause := self.latency_s / 2 + sum(fault.seconds for fault in stalls):
            await asyncio.sleep(pause)

    def _control(self, operation: str, call: dict[str, Any]) -> Any:
        if operation == "latency":
            self.latency_s = call["seconds"]
            return {}
        return self.account.control(operation, call)

    async def run(self, port: int, started: Any) -> None:
        """Serve until cancelled; ``started`` is told the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port, backlog=512)
        started(server.sockets[0].getsockname()[1])
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            for connection in self.connections:
                connection.transport.abort()
            await asyncio.gather(*self.tasks, return_exceptions=True)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as boto3 speaks it: one request at a time, each with its length."""

    transport: asyncio.Transport

    def __init__(self, server: _Server) -> None:
        self.server = server
        self.buffer = bytearray()
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """What was asked is still done, as AWS does it: the task continues."""
        self.server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        if self.task is not None or (end := self.buffer.find(b"\r\n\r\n")) < 0:
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length") or 0)
        if len(self.buffer) < end + 4 + length:
            return
        body = bytes(self.buffer[end + 4 : end + 4 + length])
        del self.buffer[: end + 4 + length]
        path = first.split(" ")[1]
        answering = self._answer(path, headers.get("x-amz-target", ""), headers.get("host", ""), body)
        self.task = asyncio.get_running_loop().create_task(answering)
        self.server.tasks.add(self.task)
        self.task.add_done_callback(self.server.tasks.discard)

    async def _answer(self, path: str, target: str, host: str, body: bytes) -> None:
        try:
            status, more, kind, answer = await self.server.answer(path, target, host, body)
            head = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n"
            self.transport.write(head.encode() + more + b"x-amzn-RequestId: 1\r\n\r\n" + answer)
        except _Cut as cut:
            if cut.share:
                self.transport.write(b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\n{")
                self.transport.close()
            else:
                self.transport.abort()
        except Exception:
            self.transport.abort()  # a bug of this server: the client shall not wait for it; asyncio tells
            raise
        finally:
            self.task = None
        if not self.transport.is_closing():
            self._next()


@dataclass(frozen=True)
class Letters:
    """A queue of it, from outside."""

    aws: Aws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    @property
    def url(self) -> str:
        return f"{self.aws.endpoint}/{ACCOUNT}/{self.name}"

    def put(self, letters: Iterable[Mapping[str, Any]]) -> list[str]:
        """Lay messages in, unchecked; their ids. Each: ``body``, and if wanted ``attributes`` (as SQS writes them,
        binary as base64), ``system``, ``message_id``, ``receives``."""
        every = list(letters)
        ids: list[str] = []
        for at in range(0, len(every), PAGE):
            ids += self._do("put", letters=every[at : at + PAGE])["ids"]
        return ids

    def messages(self) -> list[dict[str, Any]]:
        """All it holds, as a receive would show them, with ``hidden``: in flight or delayed."""
        found: list[dict[str, Any]] = []
        while page := self._do("messages", offset=len(found), most=PAGE)["messages"]:
            found += page
        return found

    def remove(self, ids: Sequence[str]) -> None:
        """As if another process had deleted them, or their retention had ended."""
        self._do("remove", ids=list(ids))

    def end_leases(self) -> None:
        self._do("end_leases")

    def limit(self, in_flight: int = IN_FLIGHT) -> None:
        self._do("limit", in_flight=in_flight)

    def _do(self, operation: str, **call: Any) -> Any:
        return self.aws.control(operation, name=self.name, **call)


@dataclass(frozen=True)
class Aws:
    """A running server, from outside."""

    endpoint: str

    def queue(self, name: str, dlq: str = "", receives: int = 3, **attributes: str) -> Letters:
        """Make an empty queue; ``dlq``: name of the queue that takes what was received ``receives`` times."""
        if dlq:
            target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dlq}"
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": receives})
        self.control("queue", name=name, attributes=attributes)
        return Letters(self, name)

    def fault(self, *faults: Fault) -> None:
        """From now on these, instead of those before."""
        self.control("faults", faults=[asdict(fault) for fault in faults])

    def heal(self) -> None:
        self.fault()

    def latency(self, seconds: float) -> None:
        self.control("latency", seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Let that much time pass for leases, delays and deduplication."""
        self.control("advance", seconds=seconds)

    def waits(self, share: float) -> None:
        """A long poll that finds nothing answers after that share of the time it asked for."""
        self.control("waits", share=share)

    def counts(self) -> dict[str, int]:
        """Calls by operation, and ``fault: <kind>`` → how often it hit."""
        found: dict[str, int] = self.control("counts")
        return found

    def environ(self, endpoint: str = "") -> dict[str, str]:
        """What a process needs to take this for AWS; ``endpoint``: a proxy before it."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def control(self, operation: str, **call: Any) -> Any:
        with closing(HTTPConnection(self.endpoint.removeprefix("http://"), timeout=60)) as connection:
            connection.request("POST", f"/_control/{operation}", jsoned(call))
            return json.loads(connection.getresponse().read())


@contextmanager
def serve(latency_s: float = 0.0, seed: int = 0, process: bool = False) -> Iterator[Aws]:
    """A fresh one on a free port of loopback; ``latency_s`` is added to each call of SQS."""
    if process:
        command = [sys.executable, "-m", "tests.fakes.sqs.server", "--latency", str(latency_s), "--seed", str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout is not None
                yield Aws(f"http://127.0.0.1:{int(child.stdout.readline())}")
            finally:
                child.terminate()
        return
    server = _Server(latency_s, seed)
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    ready = threading.Event()

    def started(port: int) -> None:
        ports.append(port)
        ready.set()

    running = loop.create_task(server.run(0, started))

    def work() -> None:
        try:
            loop.run_until_complete(asyncio.wait([running]))
            loop.run_until_complete(asyncio.sleep(0.01))  # closed transports close their sockets on the next turn
        finally:
            loop.close()

    thread = threading.Thread(target=work, name="sqs")
    thread.start()
    ready.wait()
    try:
        yield Aws(f"http://127.0.0.1:{ports[0]}")
    finally:
        loop.call_soon_threadsafe(running.cancel)
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each call takes more")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    options = parser.parse_args()
    asyncio.run(_Server(options.latency, options.seed).run(options.port, lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
