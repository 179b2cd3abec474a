"""Messages and plans for the redrives of the command line's tests."""

from __future__ import annotations

from tests.ops.cli.conftest import Desk

QUICK = ["--no-watch", "--no-headroom", "--rate", "0"]


def job_bodies(count: int) -> list[dict[str, object]]:
    return [{"job_id": f"job-{number}"} for number in range(count)]


def make_redrive_plan(desk: Desk, count: int = 30, *options: str) -> str:
    desk.bury(*job_bodies(count))
    return str(desk.json("plan", *(options or QUICK))["plan"]["id"])
