"""Who may call the twin's servers: programs of this machine that have the token, and never a web page.

Browsers let a page from anywhere send requests to loopback, and a host name that its owner points at 127.0.0.1 makes
them the page's own (DNS rebinding). Pages say where they come from (``Origin``, ``Sec-Fetch-Site``), and a rebound
name stands in ``Host``; programs that were given the twin's address name loopback there.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ops.errors import TwinError

TOKEN_VARIABLE = "OPS_TWIN_TOKEN"  # noqa: S105 - the variable's name
_BELOW_LOCALHOST = re.compile(r"(?:[a-z0-9_-]+\.)*localhost\.?")


def token(environ: Mapping[str, str]) -> str:
    """The token of this start. Raises TwinError without one."""
    if not (given := environ.get(TOKEN_VARIABLE, "")):
        raise TwinError(
            f"{TOKEN_VARIABLE} is not set: it is the key to this server.",
            "Start the twin with ops twin up, or set it to a long random text.",
        )
    return given


def bearing(secret: str) -> dict[str, str]:
    """The header that carries the token."""
    return {"Authorization": f"Bearer {secret}"}


def bears(secret: str, authorization: str) -> bool:
    """Whether an ``Authorization`` header carries the token; never when there is none."""
    given = authorization.removeprefix("Bearer ").encode("utf-8", "replace")
    return bool(secret) and hmac.compare_digest(given, secret.encode())


def from_page(site: str | None, origin: str | None) -> bool:
    """Whether a web page's script, form or link sent it (``Sec-Fetch-Site`` and ``Origin``; None: no such header)."""
    return origin is not None or site not in (None, "none")


def on_loopback(hosts: Iterable[str]) -> bool:
    """Whether each ``Host`` header names this machine: a loopback address, ``localhost`` or a name below it. False
    without any."""
    names = list(hosts)
    return bool(names) and all(_local(name) for name in names)


@lru_cache(256)
def _local(host: str) -> bool:
    name, bracket, port = host.strip().lower().rpartition("]") if "]" in host else _split(host.strip().lower())
    if bracket == "]":
        name, port = name.removeprefix("["), port.removeprefix(":")
    if port and not port.isdecimal():
        return False
    if _BELOW_LOCALHOST.fullmatch(name):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _split(host: str) -> tuple[str, str, str]:
    name, colon, port = host.partition(":")
    return name, colon, port
