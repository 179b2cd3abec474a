"""``ops open``: the dashboard that runs on this machine, at a page."""

from __future__ import annotations

import http.client
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

import typer

from ops.cli import completion, options, time_args
from ops.cli.output.stderr_console import StderrConsole
from ops.errors import OpsError, UsageError

PAGES = ("overview", "queue", "concurrency", "cold-starts", "failures", "cost", "dead-letters", "audit")
"""The pages of the dashboard, the first at its root."""
FIRST_PORT, FURTHER_PORTS = 8501, 20
"""Streamlit's port, and how many after it the demo tries."""
DASHBOARD_SENTENCE = b"This address is not one of the dashboard's."
"""How the dashboard, and no other Streamlit app, answers a request for a host that is not its own."""
TIMEOUT_S = 1.0


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

    Prints its address; without a desktop, only that.
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
    ports = [port] if port else range(FIRST_PORT, FIRST_PORT + FURTHER_PORTS + 1)
    running = _find_dashboards(ports)
    if not running:
        where = f"port {port}" if port else f"ports {ports[0]} to {ports[-1]}"
        raise OpsError(
            f"No dashboard is running on {where} of this machine.",
            "Start it: streamlit run dashboard; or with the twin and traffic: make demo.",
        )
    address = _address(running[0], name, {key: value for key, value in query.items() if value})
    typer.echo(address)
    if len(running) > 1:
        others = ", ".join(map(str, running[1:]))
        StderrConsole().print(f"Other dashboards run on {others}: choose one by --port.", style="dim")
    if _has_desktop():
        import webbrowser

        webbrowser.open(address)


def _time_range(since: str | None, until: str | None, now: datetime) -> dict[str, str]:
    """As the dashboard has it in its address: UTC, in whole minutes."""
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


def _find_dashboards(ports: range | list[int]) -> list[int]:
    with ThreadPoolExecutor(len(ports)) as pool:
        return [port for port, found in zip(ports, pool.map(_is_dashboard, ports), strict=True) if found]


def _is_dashboard(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/", headers={"Host": "ops-open"})
        return connection.getresponse().read(len(DASHBOARD_SENTENCE)) == DASHBOARD_SENTENCE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_desktop() -> bool:
    """Whether a browser would have a window: else a text browser might take over the terminal."""
    graphical = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return graphical or sys.platform in ("darwin", "win32")
