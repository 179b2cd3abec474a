"""The bar above every page: which account, region and identity the page reads and acts on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.access import access
from dashboard.formatting import escape
from ops.target import Target

if TYPE_CHECKING:
    from ops.aws.sts import Identity

PRODUCT = "SciLearn operations"
PRODUCTION_VARIABLE = "OPS_PRODUCTION_ACCOUNTS"
"""Account IDs, separated by commas, whose bar is red."""


def environment_bar(target: Target | None, identity: Identity | None, environ: Mapping[str, str] = os.environ) -> str:
    """``identity``: None where it is not known (yet)."""
    chips = [_account_chip(target, identity, environ)] if target else []
    facts = _facts(target, identity, environ) if target else []
    if access(environ).read_only:
        chips.append(_chip("READ-ONLY", theme.NEUTRAL))
    chips += [_chip(f"{PRODUCTION_VARIABLE}: {wrong} is not an account ID", theme.WATCH) for wrong in _wrong(environ)]
    shown = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    return f'<div class="so-where" role="note"><b>{PRODUCT}</b>{"".join(chips)}{shown}</div>'


def _account_chip(target: Target, identity: Identity | None, environ: Mapping[str, str]) -> str:
    if target.is_twin:
        return _chip("TWIN", theme.IN_FLIGHT)
    if identity is None:
        return _chip("AWS", theme.NEUTRAL)
    if identity.account in _listed(environ):
        return _chip(f"PRODUCTION {identity.account}", theme.DEAD)
    return _chip(f"AWS {identity.account}", theme.NEUTRAL)


def _facts(target: Target, identity: Identity | None, environ: Mapping[str, str]) -> list[str]:
    facts = [target.region or "region of the profile"]
    if target.is_twin:
        return facts
    if profile := target.profile or environ.get("AWS_PROFILE", ""):
        facts.append(f"profile {profile}")
    if identity is not None:
        facts.append(principal(identity.arn))
    return facts


def principal(arn: str) -> str:
    """The role or user of an IAM or STS ARN, such as ``role Admin (alice)``."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        return f"role {role} ({session})" if session else f"role {role}"
    return f"{kind} {name}".strip()


def _listed(environ: Mapping[str, str]) -> list[str]:
    return [each.strip() for each in environ.get(PRODUCTION_VARIABLE, "").split(",") if each.strip()]


def _wrong(environ: Mapping[str, str]) -> list[str]:
    return [each for each in _listed(environ) if not re.fullmatch(r"[0-9]{12}", each)]


def _chip(text: str, colour: str) -> str:
    return f'<span class="so-chip" style="--c:{colour}">{escape(text)}</span>'
