"""Puts the parts together: which modules bring seams, and which work goes on in the background."""

from __future__ import annotations

from typing import Protocol

from ops.twin.emulator import executor, identity, seams
from ops.twin.emulator.seam import Seam
from ops.twin.emulator.settings import Settings


class Worker(Protocol):
    def stop(self) -> None: ...


def all_seams(settings: Settings) -> list[Seam]:
    return [*identity.seams(), *executor.seams(settings.host_url)]


def install(settings: Settings) -> None:
    seams.install(all_seams(settings))


def start_workers(settings: Settings) -> list[Worker]:
    return []
