"""Puts seams into MiniStack, after checking that it is the version they were written for.

MiniStack is pinned to the exact version because a seam is a private function of it: a newer one may rename it, or call
it with other arguments. ``install`` therefore refuses any other version, and any missing name, in one sentence each.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from importlib import metadata
from types import ModuleType

from ops.errors import TwinError
from ops.twin.emulator.patch import Patch

PINNED = "1.5.33"


def install(seams: Iterable[Patch], version: str | None = None) -> None:
    """Put every replacement in its place. Raises TwinError, having changed nothing, when MiniStack is another one."""
    found = version or _installed()
    if found != PINNED:
        raise TwinError(
            f"MiniStack {found} is installed, but the twin is built on {PINNED}.",
            f"Install the pinned one: pip install ministack=={PINNED}.",
        )
    wanted = [(seam, _module(seam)) for seam in seams]
    for seam, module in wanted:
        if not hasattr(module, seam.attribute):
            raise TwinError(
                f"MiniStack {found} has no {seam.module}.{seam.attribute}, which the twin replaces ({seam.why}).",
                f"Install it afresh: pip install --force-reinstall ministack=={PINNED}.",
            )
    for seam, module in wanted:
        original = getattr(module, seam.attribute)
        replacement = seam.make(original)
        setattr(module, seam.attribute, replacement)
        # SQS dispatches from a table filled at import, which must see the replacement too.
        table = getattr(module, "_HANDLERS", {})
        for action, function in table.items():
            if function is original:
                table[action] = replacement


def _installed() -> str:
    try:
        return metadata.version("ministack")
    except metadata.PackageNotFoundError:
        raise TwinError("MiniStack is not installed.", f"Install it: pip install ministack=={PINNED}.") from None


def _module(seam: Patch) -> ModuleType:
    try:
        return importlib.import_module(f"ministack.{seam.module}")
    except ImportError as error:
        raise TwinError(f"MiniStack's {seam.module} cannot be imported: {error}.") from error
