"""The style in the web page itself."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from dashboard.server import page_style

PAGE = ("<html><head></head><body><div id=root></div>", "</body></html>")
NAVIGATION = {"accept": "text/html,*/*", "accept-encoding": "gzip", "if-none-match": '"old"'}


def document(request: Request) -> StreamingResponse:
    unfit = [name for name in ("accept-encoding", "if-none-match") if name in request.headers]
    return StreamingResponse(iter((*PAGE, *unfit)), headers={"etag": '"new"'}, media_type="text/html")


def text(request: Request) -> PlainTextResponse:
    return PlainTextResponse("</body>", headers={"etag": '"new"'})


APP = Starlette(routes=[Route("/queue", document), Route("/text", text)], middleware=[Middleware(page_style.PageStyle)])


def get(path: str, headers: dict[str, str]) -> tuple[dict[str, str], str]:
    """The response's headers and body."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": raw,
    }
    asyncio.run(APP(scope, receive, send))
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return answered, b"".join(message.get("body", b"") for message in sent).decode()


def test_every_page_has_the_style_before_anything_is_drawn() -> None:
    headers, body = get("/queue", NAVIGATION)
    assert body == PAGE[0] + page_style.css() + PAGE[1], "whole, as text, also for a browser with an older one"
    assert headers["content-length"] == str(len(body.encode()))
    assert "etag" not in headers, "the style may change where the page does not"
    assert ".so-stats {" in page_style.css()
    assert 'content: "Diagnosis"' in page_style.css()


def test_what_is_no_page_stays_as_it_is() -> None:
    headers, body = get("/text", NAVIGATION)
    assert (body, headers["etag"]) == ("</body>", '"new"')
    headers, _ = get("/queue", {"accept": "*/*"})
    assert headers["etag"] == '"new"'


def test_without_its_server_the_script_sends_the_style() -> None:
    assert page_style.element() == page_style.css()
