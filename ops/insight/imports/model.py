"""Imported modules with their times, as a tree, and the packages that take the most of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

STANDARD_RUNTIME = ("awslambdaric", "bootstrap")
"""Packages of the runtime itself, which a function cannot leave out."""


@dataclass(frozen=True)
class ImportedModule:
    """``self_us``: of the module's own code, in microseconds; ``total_us``: with all that it was the first to import.
    ``parent``: the place of its importer in the list, None for what was imported first."""

    name: str
    self_us: int
    total_us: int
    parent: int | None = None

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class InitStatement:
    """A statement that creates an object on import, which environments restored from one snapshot share. Found in the
    source, which is no proof that it runs. ``kind``: seed, ID, client, temporary file, time or secret."""

    kind: str
    file: str
    line: int
    text: str
    advice: str


@dataclass(frozen=True)
class ImportRecord:
    """``modules``: importers before what they import. ``how``: where the times are from, in words. ``statements``: empty
    where no source was read (``source`` is empty then)."""

    modules: tuple[ImportedModule, ...]
    recorded_at: datetime
    how: str
    machine: str = ""
    module: str = ""
    source: str = ""
    statements: tuple[InitStatement, ...] = field(default=())

    @property
    def total_ms(self) -> float:
        return sum(module.total_us for module in self.modules if module.parent is None) / 1000


@dataclass(frozen=True)
class PackageTime:
    """``total_ms``: with everything that the package was the first to import; ``own_ms``: of its own modules alone.
    ``importer``: the module that imports it first."""

    name: str
    total_ms: float
    own_ms: float
    importer: str


def packages(record: ImportRecord) -> tuple[PackageTime, ...]:
    """The packages that the handler's own code or another package imports, the longest first. One may contain another: NumPy
    is in the time of what imported it first."""
    own = {module.package for module in record.modules if module.parent is None}
    totals: dict[str, int] = {}
    selves: dict[str, int] = {}
    importers: dict[str, str] = {}
    for place, module in enumerate(record.modules):
        if module.package in own or module.package in STANDARD_RUNTIME:
            continue
        selves[module.package] = selves.get(module.package, 0) + module.self_us
        if all(above.package != module.package for above in _above(record.modules, place)):
            totals[module.package] = totals.get(module.package, 0) + module.total_us
            first = record.modules[module.parent].name if module.parent is not None else ""
            importers.setdefault(module.package, first)
    found = [PackageTime(name, total / 1000, selves[name] / 1000, importers[name]) for name, total in totals.items()]
    return tuple(sorted(found, key=lambda package: (-package.total_ms, package.name)))


def _above(modules: Sequence[ImportedModule], place: int) -> Iterator[ImportedModule]:
    above = modules[place].parent
    while above is not None:
        yield modules[above]
        above = modules[above].parent


def heaviest(record: ImportRecord, share: float = 0.01, most: int = 80) -> tuple[int, ...]:
    """Places of the modules that take at least ``share`` of all, importers before what they import; at most ``most``."""
    least = record.total_ms * 1000 * share
    found = [place for place, module in enumerate(record.modules) if module.total_us >= least]
    if len(found) > most:
        found = sorted(sorted(found, key=lambda place: -record.modules[place].total_us)[:most])
    return tuple(found)
