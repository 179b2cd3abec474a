"""The environments of one function: one an invocation at a time, as many as there are invocations at once.

Stands for Lambda's placement: an idle environment of the current revision is used again, else a new one is started. A
new revision retires the old environments, idle ones at once, busy ones when they are done. The emulator, not the host,
holds concurrency limits. Not modeled: an invocation that waits for a cold start does not switch to an environment
that becomes free meanwhile; the scaling rate of 1,000 environments in 10 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from ops.twin.host.clock import now
from ops.twin.host.environment import Environment
from ops.twin.host.exchange import InvocationRequest, InvocationResult
from ops.twin.host.settings import FunctionConfig


class Pool:
    def __init__(
        self,
        function: FunctionConfig,
        make: Callable[[FunctionConfig], Environment],
        starts: asyncio.Semaphore,
    ) -> None:
        """``starts`` bounds how many environments of the whole host are in their init phase at once."""
        self.function = function
        self._make = make
        self._starts = starts
        self._idle: list[Environment] = []
        self.busy: set[Environment] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> int:
        return len(self._idle)

    def update(self, function: FunctionConfig) -> None:
        if function.revision == self.function.revision:
            return
        self.function = function
        for environment in self._idle:
            self._retire(environment)
        self._idle.clear()

    async def invoke(self, request: InvocationRequest) -> InvocationResult:
        """Raises OSError when the machine has no room for another environment."""
        environment = self._idle.pop() if self._idle else await self._start()
        self.busy.add(environment)
        try:
            return await environment.invoke(request)
        finally:
            if environment.reset_reason:
                self._spawn(self._recover(environment))
            else:
                self._give_back(environment)

    def evict(self, idle_limit: float) -> None:
        """Shut down what has been idle for longer than ``idle_limit`` seconds."""
        oldest = now() - idle_limit
        for environment in [environment for environment in self._idle if environment.idle_since < oldest]:
            self._idle.remove(environment)
            self._retire(environment)

    async def close(self) -> None:
        """SHUTDOWN to all, busy ones included."""
        everything = [*self._idle, *self.busy]
        self._idle.clear()
        await asyncio.gather(*(environment.shut_down("SPINDOWN") for environment in everything))
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _start(self) -> Environment:
        environment = self._make(self.function)
        self.busy.add(environment)
        try:
            async with self._starts:
                await environment.start()
        except OSError:
            self.busy.discard(environment)
            await environment.shut_down("FAILURE")
            raise
        return environment

    def _give_back(self, environment: Environment) -> None:
        self.busy.discard(environment)
        if environment.function.revision == self.function.revision:
            self._idle.append(environment)
        else:
            self._retire(environment)

    async def _recover(self, environment: Environment) -> None:
        await environment.recover()
        self._give_back(environment)

    def _retire(self, environment: Environment) -> None:
        self._spawn(environment.shut_down("SPINDOWN"))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
