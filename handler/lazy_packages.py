"""Packages whose ``__init__`` runs only when a name from it is needed.

Powertools' batch and idempotency utilities are imported for one submodule each, but Python first runs the packages
above: thirty event classes, and a DynamoDB layer that imports boto3 (measured 2026-11: 36 and 250 ms of a cold start),
and ``asyncio`` (40 ms) for a processor that is not used here. ``defer`` puts the package in place without running its
``__init__``; its submodules can be imported as always, and the first name asked of the package itself runs the
``__init__`` after all. So nothing is taken away; it is what ``lazy import`` (PEP 810) does from Python 3.15 on.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    _exports: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        # Reached only for what is not there yet. The import system itself looks for dunders: those stay missing.
        spec = self.__spec__
        if name.startswith("__") or spec is None or spec.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if submodule := self._exports.get(name):
            value = getattr(import_module(f"{self.__name__}.{submodule}"), name)
            setattr(self, name, value)
            return value
        object.__setattr__(self, "__class__", ModuleType)
        spec.loader.exec_module(self)
        return getattr(self, name)


def defer(name: str, **exports: str) -> None:
    """Put the package ``name`` in place without running it; one that is already imported stays as it is.

    ``exports`` are names that can be had from a submodule without running the package: ``Name="submodule"``.
    """
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    module = module_from_spec(spec)
    module.__class__ = _Deferred
    module.__dict__["_exports"] = exports
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


defer("asyncio")
defer("aws_lambda_powertools.utilities.data_classes", S3Event="s3_event")
defer("aws_lambda_powertools.utilities.idempotency")
