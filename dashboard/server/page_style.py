"""The style of all pages, as a part of the web page itself. As an element of the script, a slow browser shows it only after
other elements, which have no style until then.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from dashboard import theme
from dashboard.pages import PAGES, SECTIONS

_PLACE = (
    b"</body>"  # after the browser's head, where Streamlit's own styles are: of two equal rules the later one applies
)
_UNFIT = frozenset({b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"})
"""Headers by which a response would not be the whole page, as text."""
_CHANGED = frozenset({b"content-length", b"etag", b"last-modified"})
_served = threading.Event()


def serve() -> None:
    """The server has ``PageStyle``."""
    _served.set()


def element() -> str:
    """The style as an element of the script; empty where the web page has it."""
    return "" if _served.is_set() else css()


def css() -> str:
    """The stylesheet as an HTML element."""
    return f"<style>{theme.STYLE.read_text()}{_section_names()}</style>"


class PageStyle:
    """ASGI middleware: adds the style to every HTML document."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and _wants_html(scope):
            scope = {**scope, "headers": [header for header in scope["headers"] if header[0] not in _UNFIT]}
            send = _adding_style(send)
        await self._app(scope, receive, send)


def _wants_html(scope: Any) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _adding_style(send: Any) -> Any:
    start: Any = None
    parts: list[bytes] = []

    async def sending(message: Any) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and _is_html(message):
            start = message
            return
        if start is None or message["type"] != "http.response.body":
            await send(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = b"".join(parts).replace(_PLACE, css().encode() + _PLACE, 1)
        kept = [header for header in start["headers"] if header[0].lower() not in _CHANGED]
        await send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return sending


def _is_html(message: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message.get("headers", ())
    )


@cache
def _section_names() -> str:
    """The names of the navigation's sections, above the first page of each. Streamlit's own sections put other elements than
    items into the list, which breaks it for screen readers (WCAG 1.3.1)."""
    keys = list(PAGES)
    first = {name: keys.index(entries[0].key) + 1 for name, entries in SECTIONS.items()}
    item = '[data-testid="stSidebarNavItems"] > li:nth-child'
    return " ".join(f'{item}({place})::before {{ content: "{name}"; }}' for name, place in first.items())
