"""The HTTP side of SQS in memory: requests of boto3, answered or made to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.sqs.calls import Account, other_service, to_json
from tests.fakes.sqs.faults import Fault
from tests.fakes.sqs.messages import CallRejected

SERVICES = {"AmazonSQS": "sqs", "Logs_20140328": "logs", "GraniteServiceVersion20100801": "cloudwatch"}


class _Cut(Exception):
    """The connection is closed instead of a response; ``share`` of it is sent first."""

    def __init__(self, share: float = 0.0) -> None:
        self.share = share


class FakeSqsServer:
    def __init__(self, latency_s: float, seed: int) -> None:
        self.account = Account(seed)
        self.latency_s = latency_s
        self.connections: set[_Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def answer(self, path: str, target: str, host: str, body: bytes) -> tuple[int, bytes, str, bytes]:
        """Status, further headers, content type, body. Raises _Cut."""
        if path.startswith("/_control/"):
            return 200, b"", "application/json", to_json(self._control(path.rsplit("/", 1)[-1], json.loads(body)))
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
                return 200, b"", "application/x-amz-json-1.0", to_json(await self._sqs(operation, call, host))
            result = other_service(service, operation)
        except CallRejected as error:
            header = f"x-amzn-query-error: {error.query_code};{'Sender' if error.status < 500 else 'Receiver'}\r\n"
            header += f"x-amzn-errortype: {error.code}\r\n"
            details = {"__type": f"com.amazonaws.sqs#{error.code}", "message": error.message}
            return error.status, header.encode(), "application/x-amz-json-1.0", to_json(details)
        if service == "query":
            xml = f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
            return 200, b"", "text/xml", xml.encode()
        return 200, b"", "application/x-amz-json-1.1", to_json(result)

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
        result = await account.sqs(operation, call, host)
        for fault in faults:
            account.after(fault, queue)
        await self._pause([fault for fault in faults if fault.kind == "stall after"])
        if "cut after" in kinds:
            raise _Cut
        if "cut within" in kinds:
            raise _Cut(0.5)
        return result

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
        """Serve until cancelled; ``started`` is called with the port."""
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
    """HTTP/1.1 with keep-alive, as boto3 uses it: one request at a time, each with its length."""

    transport: asyncio.Transport

    def __init__(self, server: FakeSqsServer) -> None:
        self.server = server
        self.buffer = bytearray()
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The call is still carried out, as in AWS: the task continues."""
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
            self.transport.abort()  # a bug of this server: the client must not wait; asyncio reports it
            raise
        finally:
            self.task = None
        if not self.transport.is_closing():
            self._next()
