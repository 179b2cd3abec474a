"""A screen that is redrawn until Ctrl-C."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ops import formatting, pricing
from ops.cli.output.sanitize import safe
from ops.errors import OpsError

T = TypeVar("T")


def watch(value: T, read: Callable[[], T], draw: Callable[[Console, T], None], interval_s: float, header: str) -> T:
    """Draws ``value``, and every ``interval_s`` seconds what ``read`` returns; returns the last, at Ctrl-C.

    A terminal shows it in place, and keeps the last screen; other outputs get one after the other. An error of
    ``read`` is shown above what was read before. ``header``: above the screen, whose end a low terminal cuts off.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        return _print_each(console, read, draw, value, interval_s, header)
    failed = ""
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(_screen(console, draw, value, header, failed), refresh=True)
                pause(interval_s)
                try:
                    value, failed = read(), ""
                except OpsError as error:
                    failed = f"{_clock()}: not refreshed: {error} {error.next_step}".strip()
    except KeyboardInterrupt:
        draw(console, value)
    return value


def _print_each(
    console: Console,
    read: Callable[[], T],
    draw: Callable[[Console, T], None],
    value: T,
    interval_s: float,
    header: str,
) -> T:
    try:
        console.print(Text(header, style="dim"), soft_wrap=True)
        while True:
            console.print(Text(f"\n{_clock()}", style="dim"))
            draw(console, value)
            pause(interval_s)
            try:
                value = read()
            except OpsError as error:
                console.print(Text(safe(f"not refreshed: {error}"), style="yellow"), soft_wrap=True)
    except KeyboardInterrupt:
        return value


def _screen(console: Console, draw: Callable[[Console, T], None], value: T, header: str, failed: str) -> Text:
    """The output of ``draw``, cut to the size of the terminal."""
    buffer = io.StringIO()
    inner = Console(file=buffer, force_terminal=True, width=console.width, highlight=False, color_system="standard")
    inner.print(Text(f"{_clock()} · {header}", style="dim"))
    if failed:
        inner.print(Text(safe(failed), style="yellow"))
    draw(inner, value)
    return Text.from_ansi(buffer.getvalue())


def pause(seconds: float) -> None:
    time.sleep(seconds)


def refresh_cost(usd: float, interval_s: float, region: str) -> str:
    """A sentence about the cost of refreshing at the prices of ``region``."""
    hourly = formatting.price(usd * 3600 / interval_s)
    return f"A refresh costs {pricing.in_words(usd, region)}, {hourly} an hour at one every {formatting.duration(interval_s)}."


def _clock() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S UTC")
