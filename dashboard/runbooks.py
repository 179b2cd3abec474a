"""Runbooks as pages: plain text at ``/runbooks/NAME``, and the links that lead there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.formatting import escape
from ops import runbooks

_AWAY = 'target="_blank" rel="noopener noreferrer"'


def page(request: Request) -> Response:
    """A runbook that lies in this checkout, as text that no browser takes for anything else."""
    found = runbooks.file(request.path_params["name"])
    if found is None:
        return PlainTextResponse("There is no runbook of this name.\n", 404)
    return PlainTextResponse(found.read_text(), headers={"X-Content-Type-Options": "nosniff"})


ROUTES = (Route("/runbooks/{name}", page, methods=["GET"]),)


def link(named: str) -> str:
    """What an alarm names as its runbook, as HTML: a link where it can be opened, else its words."""
    if runbooks.is_page(named):
        return f'<a href="{escape(named)}" {_AWAY}>{escape(named)}</a>'
    return links(named)


def links(text: str) -> str:
    """Text as HTML in which the runbooks of this checkout are links; all else is only text."""
    return runbooks.RUNBOOK_PATH.sub(
        lambda found: f'<a href="/runbooks/{found[1]}" {_AWAY}>{found[0]}</a>' if runbooks.file(found[1]) else found[0],
        escape(text),
    )
