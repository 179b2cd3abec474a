"""The bar above every page: which account, region and identity the page reads and acts on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.access import access
from dashboard.formatting import principal, with_principals
from dashboard.markup.templates import Macros
from ops.target import Target

if TYPE_CHECKING:
    from ops.aws.sts import Identity

_MACROS = Macros("blocks.html")
PRODUCT = "SciLearn operations"
PRODUCTION_VARIABLE = "OPS_PRODUCTION_ACCOUNTS"
"""Account IDs, separated by commas, whose bar is red."""


@dataclass(frozen=True)
class Chip:
    text: str
    colour: str


def environment_bar(
    target: Target | None, identity: Identity | None, unknown: str = "", environ: Mapping[str, str] = os.environ
) -> str:
    """``identity``: None where it is not known yet; or, with the reason in ``unknown``, will not be."""
    chips = [_account_chip(target, identity, unknown, environ)] if target else []
    if access(environ).read_only:
        chips.append(Chip("READ-ONLY", theme.NEUTRAL))
    for wrong in (each for each in _listed(environ) if not re.fullmatch(r"[0-9]{12}", each)):
        chips.append(Chip(f"{PRODUCTION_VARIABLE}: {wrong} is not an account ID", theme.WARNING))
    return _MACROS.environment(PRODUCT, chips, _facts(target, identity, unknown, environ) if target else [])


def _account_chip(target: Target, identity: Identity | None, unknown: str, environ: Mapping[str, str]) -> Chip:
    if target.is_twin:
        return Chip("TWIN", theme.IN_FLIGHT)
    if identity is None:
        return Chip("AWS: identity unknown", theme.WARNING) if unknown else Chip("AWS", theme.NEUTRAL)
    if identity.account in _listed(environ):
        return Chip(f"PRODUCTION {identity.account}", theme.DEAD)
    return Chip(f"AWS {identity.account}", theme.NEUTRAL)


def _facts(target: Target, identity: Identity | None, unknown: str, environ: Mapping[str, str]) -> list[str]:
    facts = [target.region or "region of the profile"]
    if target.is_twin:
        return facts
    if profile := target.profile or environ.get("AWS_PROFILE", ""):
        facts.append(f"profile {profile}")
    if identity is not None:
        facts.append(principal(identity.arn))
    elif unknown:
        facts.append(with_principals(unknown))
    return facts


def _listed(environ: Mapping[str, str]) -> list[str]:
    return [each.strip() for each in environ.get(PRODUCTION_VARIABLE, "").split(",") if each.strip()]
