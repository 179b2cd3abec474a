"""The options of ``ops alarms apply``: its alarms keep them as tags, so that later commands mean the same set of alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ops.alarms.catalogue import CatalogueOptions
from ops.errors import UsageError

FLAGS = {"true": True, "false": False}


def named(options: CatalogueOptions) -> dict[str, str]:
    """Given options that tags store, by their names on the command line."""
    every = {
        "deadline": None if options.deadline_s is None else _exactly(options.deadline_s),
        "budget": None if options.day_budget_usd is None else _exactly(options.day_budget_usd),
        "undelivered": options.undelivered_queue,
        "extension": None if options.extension is None else str(options.extension).lower(),
        "compare-versions": None if options.compare_versions is None else str(options.compare_versions).lower(),
    }
    return {name: value for name, value in every.items() if value is not None}


def completed(options: CatalogueOptions, earlier: Mapping[str, str]) -> CatalogueOptions:
    """``options`` with the ``earlier`` ones where it has none. Raises UsageError for a tag that someone changed to what no
    option can be."""
    try:
        found: dict[str, Any] = {
            "deadline_s": _number(earlier["deadline"], 1.0) if "deadline" in earlier else None,
            "day_budget_usd": _number(earlier["budget"], 0.0) if "budget" in earlier else None,
            "undelivered_queue": earlier.get("undelivered"),
            "extension": FLAGS[earlier["extension"]] if "extension" in earlier else None,
            "compare_versions": FLAGS[earlier["compare-versions"]] if "compare-versions" in earlier else None,
        }
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"The alarms have a tag of an earlier ops alarms apply that is not valid: {error}.",
            "Name the options again, with --forget.",
        ) from error
    return replace(options, **{name: value for name, value in found.items() if getattr(options, name) is None})


def _exactly(number: float) -> str:
    """Rounded, it would be another threshold for the commands that read it again."""
    return f"{number:.15g}"


def _number(text: str, least: float) -> float:
    """``least``: as on the command line. Raises ValueError."""
    number = float(text)
    if not least <= number < math.inf:
        raise ValueError(f"{text} is not a number of at least {least:g}")
    return number


def sentence(kept: Mapping[str, str]) -> str:
    """A sentence about stored options that were not given again; empty without any."""
    options = [
        f"--{'' if FLAGS[value] else 'no-'}{name}" if value in FLAGS else f"--{name} {value}"
        for name, value in kept.items()
    ]
    return f"As in the last ops alarms apply: {' '.join(options)}." if options else ""
