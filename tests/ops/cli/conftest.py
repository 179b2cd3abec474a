"""A ``Desk`` for commands about dead letters: an SQS in memory, a state folder, and what was printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.deadletters import causes
from ops.target import Target
from ops.workload import Workload
from tests.fakes.dlq_world import World, a_world
from tests.timing import set_timing


@dataclass
class Desk:
    world: World
    capsys: pytest.CaptureFixture[str]

    def bury(self, *bodies: Any, error: str = "InvalidJob", why: str = "no column 'age'") -> list[str]:
        """Dead letters of the queue ``jobs`` with these bodies (JSON of them), in the queue and in the snapshot, that say
        themselves what they died of; their ids."""
        told = {contract.DLQ_ERROR_TYPE: error, contract.DLQ_ERROR_MESSAGE: why}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value}
        if attributes:
            attributes[contract.DLQ_SOURCE_ARN] = {"DataType": "String", "StringValue": self.world.jobs.arn}
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        ids: list[str] = self.world.dlq.put([{"body": text, "attributes": attributes} for text in texts])
        self.world.add_to_snapshot()
        causes.explain_causes(self.world.source, budget=causes.NO_SEARCH)
        return ids

    def ops(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, answer and talk of ``ops dlq …`` about the queue ``jobs``, or of ``ops audit …``."""
        code = run([*arguments] if arguments[0] == "audit" else ["dlq", *arguments, "--queue", "jobs"])
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:
        """The JSON answer of a command."""
        code, out, err = self.ops(*arguments, "--json")
        assert code in (0, 1), err
        return json.loads(out)


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("first"), patch) as world:
        world.aws.waits(0.02)
        yield world


@pytest.fixture(scope="module")
def _doors(_world: World) -> dict[Target, Aws]:
    """Doors to that world. A process opens one; a session and its clients take long to make."""
    return {}


@pytest.fixture(scope="module")
def _workloads(_world: World) -> dict[Target, Workload]:
    """What was described already: each command would ask a dozen times what never changes here."""
    return {}


@pytest.fixture
def desk(
    _world: World,
    _doors: dict[Target, Aws],
    _workloads: dict[Target, Workload],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    def door(target: Target) -> Aws:
        return _doors.setdefault(target, Aws(target))

    describe = workload.describe

    def described(aws: Aws, target: Target) -> Workload:
        if target not in _workloads:
            _workloads[target] = describe(aws, target)
        return _workloads[target]

    monkeypatch.setattr("ops.cli.dlq.shared_options.Aws", door)
    monkeypatch.setattr(workload, "describe", described)
    set_timing(monkeypatch, rollout_tick=0.05, scan_long_poll=0)  # this server knows at once that nothing is there
    monkeypatch.chdir(tmp_path)
    return Desk(_world.with_new_queues(tmp_path, monkeypatch), capsys)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Someone who sits at a terminal and types these lines; ``meanwhile`` happens before the last one."""
    import io

    class Typed(io.StringIO):
        def __init__(self, lines: tuple[str, ...], meanwhile: Callable[[], None]) -> None:
            super().__init__("".join(f"{line}\n" for line in lines))
            self.left, self.meanwhile = len(lines), meanwhile

        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # as the stubs have StringIO itself
            self.left -= 1
            if self.left == 0:
                self.meanwhile()
            return super().readline(-1 if size is None else size)

    def types(*lines: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        typed = Typed(lines, meanwhile)
        typed.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stdin", typed)

    return types
