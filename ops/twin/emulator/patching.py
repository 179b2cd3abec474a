"""Puts patches into MiniStack, after checking that it is the version they were written for.

MiniStack is pinned to the exact version because a patch replaces a private function of it: a newer one may rename it, or call
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


def install(patches: Iterable[Patch], version: str | None = None) -> None:
    """Put every replacement in its place. Raises TwinError, having changed nothing, when MiniStack is another one."""
    found = version or _installed()
    if found != PINNED:
        raise TwinError(
            f"MiniStack {found} is installed, but the twin is built on {PINNED}.",
            f"Install the pinned one: pip install ministack=={PINNED}.",
        )
    wanted = [(patch, _module(patch)) for patch in patches]
    for patch, module in wanted:
        if not hasattr(module, patch.attribute):
            raise TwinError(
                f"MiniStack {found} has no {patch.module}.{patch.attribute}, which the twin replaces ({patch.why}).",
                f"Install it afresh: pip install --force-reinstall ministack=={PINNED}.",
            )
    for patch, module in wanted:
        original = getattr(module, patch.attribute)
        replacement = patch.make(original)
        setattr(module, patch.attribute, replacement)
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


def _module(patch: Patch) -> ModuleType:
    try:
        return importlib.import_module(f"ministack.{patch.module}")
    except ImportError as error:
        raise TwinError(f"MiniStack's {patch.module} cannot be imported: {error}.") from error
