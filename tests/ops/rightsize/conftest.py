"""A function to be sized, and ``ops rightsize`` about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.aws import Aws
from ops.cli.app import run
from ops.target import Target
from tests.fakes import aws
from tests.fakes.aws import FakeAws
from tests.fakes.sized_function import SizedFunction


@dataclass
class Desk:
    function: SizedFunction
    arguments: tuple[str, ...]
    capsys: pytest.CaptureFixture[str]

    def rightsize(self, *given: str) -> tuple[int, str, str]:
        """Exit code, and what was printed, on one line each."""
        code = run(["rightsize", *self.arguments, *given])
        shown = self.capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        assert "Unexpected error" not in shown.err, shown.err
        return code, shown.out, " ".join(shown.err.split())

    def answer(self, *given: str, code: int = 0) -> Any:
        got, out, err = self.rightsize("--json", *given)
        assert got == code, err
        return json.loads(out)


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.jsonl"
    path.write_text("".join(json.dumps({"job_id": f"old-{n}", "n": n}) + "\n" for n in range(7)))
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[FakeAws]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPS_TARGET", "aws")
        with aws.serve(SizedFunction().answer, patch) as fake:
            yield fake


@pytest.fixture(scope="module")
def doors() -> dict[Target, Aws]:
    """A session and its clients take long to make."""
    return {}


@pytest.fixture
def desk(
    server: FakeAws,
    doors: dict[Target, Aws],
    jobs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    def door(target: Target) -> Aws:
        if target not in doors:
            doors[target] = Aws(target)
            once = doors[target].without_retries()
            doors[target].without_retries = lambda *_given, **_named: once  # type: ignore[method-assign]
        return doors[target]

    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("ops.cli.insight.rightsize.Aws", door)
    function = SizedFunction()
    server.answer = function.answer
    return Desk(function, ("--queue", "orders", "--jobs", str(jobs)), capsys)


@pytest.fixture
def hasten(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Pauses take no time."""

    def now() -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)

    return now
