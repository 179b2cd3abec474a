"""``ops open``: opens a page of the dashboard that runs on this machine."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

import typer

from ops.cli import completion, options, time_args
from ops.cli.output.stderr_console import StderrConsole
from ops.errors import OpsError, UsageError
from ops.target import place_digest

PAGES = (
    "overview",
    "alarms",
    "queue",
    "concurrency",
    "forecast",
    "failures",
    "cold-starts",
    "trace",
    "dead-letters",
    "runbooks",
    "audit",
    "cost",
    "rightsize",
    "compare",
)
"""The pages of the dashboard, the first at its root."""
FIRST_PORT, FURTHER_PORTS = 8501, 20
"""Streamlit's port, and how many after it the demo tries."""
DASHBOARD_SENTENCE = b"This address is not one of the dashboard's."
"""How the dashboard, and no other Streamlit app, answers a request for a host that is not its own."""
ASKING_HOST, PLACE_HEADER = "ops-open", "x-ops-place"
"""A request with this host name asks a dashboard which place it shows (``target.place_digest``)."""
TIMEOUT_S = 1.0


@dataclass(frozen=True)
class _Dashboard:
    """``place``: empty where it does not say."""

    port: int
    place: str


def open_(
    page: Annotated[
        str,
        typer.Argument(metavar="[PAGE]", help=f"One of: {', '.join(PAGES)}.", autocompletion=completion.one_of(PAGES)),
    ] = PAGES[0],
    cause: Annotated[
        str | None,
        typer.Option("--cause", help="ID of a cause, for dead-letters.", autocompletion=completion.causes),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Start of the time range: 2h (ago), 02:10 (UTC).")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="End of the time range. Default: now.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65_535, help="Port of the dashboard. Default: it is looked for.")
    ] = None,
    stack: options.Stack = None,
    queue: options.Queue = None,
    region: options.Region = None,
) -> None:
    """Open the dashboard in a browser.

    Prints its address; without a desktop, only that. Of several dashboards it is the one that was started for the same
    twin, or the same AWS profile, as this shell.
    """
    name = page.replace("_", "-")
    if name not in PAGES:
        raise UsageError(f"The dashboard has no page {page!r}.", f"Choose one of: {', '.join(PAGES)}.")
    if cause and name != "dead-letters":
        raise UsageError(f"The page {name} does not filter by cause.", "Open dead-letters, or omit --cause.")
    query = {
        "stack": stack,
        "queue": queue,
        "region": region,
        "cause": cause,
        **_time_range(since, until, datetime.now(UTC)),
    }
    ports = _ports(port)
    running = _find_dashboards(ports)
    if not running:
        where = f"port {port}" if port else f"ports {ports[0]} to {ports[-1]}"
        raise OpsError(
            f"No dashboard is running on {where} of this machine.",
            "Start it: streamlit run dashboard; or with the twin and traffic: make demo.",
        )
    found = _of_this_place(running)
    address = _address(found.port, name, {key: value for key, value in query.items() if value})
    typer.echo(address)
    if not port:
        _tell_of_others(found, running)
    if _has_desktop():
        import webbrowser

        webbrowser.open(address)


def _time_range(since: str | None, until: str | None, now: datetime) -> dict[str, str]:
    """The range as in the dashboard's address: UTC, in whole minutes."""
    if until and not since:
        raise UsageError("--until needs --since.", "Specify the start of the time range, too.")
    if not since:
        return {}
    start, end = time_args.time_range(since, until, now)
    last = (end or now) + timedelta(minutes=1, microseconds=-1)
    return {"range": "custom", "from": f"{start:%Y-%m-%dT%H:%M}", "to": f"{last:%Y-%m-%dT%H:%M}"}


def _address(port: int, page: str, query: dict[str, str]) -> str:
    path = "" if page == PAGES[0] else page
    return f"http://127.0.0.1:{port}/{path}{'?' if query else ''}{urlencode(query)}"


def _ports(port: int | None) -> Sequence[int]:
    return [port] if port else range(FIRST_PORT, FIRST_PORT + FURTHER_PORTS + 1)


def _of_this_place(running: Sequence[_Dashboard]) -> _Dashboard:
    """The one of the twin or AWS profile that this shell has; else the first."""
    here = place_digest()
    return next((dashboard for dashboard in running if dashboard.place == here), running[0])


def _tell_of_others(found: _Dashboard, running: Sequence[_Dashboard]) -> None:
    console = StderrConsole()
    if found.place and found.place != place_digest():
        text = f"The dashboard on port {found.port} was started for another twin or AWS profile than this shell has."
        console.print(text, style="yellow")
    others = [str(dashboard.port) for dashboard in running if dashboard is not found]
    if others:
        text = f"Opened port {found.port}. Other dashboards run on {', '.join(others)}: choose one by --port."
        console.print(text, style="dim")


def _find_dashboards(ports: Sequence[int]) -> list[_Dashboard]:
    with ThreadPoolExecutor(len(ports)) as pool:
        return [found for found in pool.map(_ask, ports) if found]


def _ask(port: int) -> _Dashboard | None:
    """The dashboard on that port; None where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/", headers={"Host": ASKING_HOST})
        response = connection.getresponse()
        if response.read(len(DASHBOARD_SENTENCE)) != DASHBOARD_SENTENCE:
            return None
        return _Dashboard(port, response.getheader(PLACE_HEADER, ""))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _has_desktop() -> bool:
    """Whether a browser would have a window: else a text browser might take over the terminal."""
    graphical = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return graphical or sys.platform in ("darwin", "win32")
