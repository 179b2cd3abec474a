"""Runbooks as pages: plain text at ``/runbooks/NAME``, and links to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.formatting import escape
from ops import runbooks

_NEW_TAB = 'target="_blank" rel="noopener noreferrer"'


def page(request: Request) -> Response:
    """A runbook of this checkout, as text that no browser interprets as anything else."""
    file = runbooks.file(request.path_params["name"])
    if file is None:
        return PlainTextResponse("No runbook has this name.\n", 404)
    return PlainTextResponse(file.read_text(), headers={"X-Content-Type-Options": "nosniff"})


ROUTES = (Route("/runbooks/{name}", page, methods=["GET"]),)


def link(runbook: str) -> str:
    """The runbook that an alarm names, as HTML: a link if it can be opened, else text."""
    if runbooks.is_page(runbook):
        return f'<a href="{escape(runbook)}" {_NEW_TAB}>{escape(runbook)}</a>'
    return links(runbook)


def links(text: str) -> str:
    """Text as HTML in which the runbooks of this checkout are links; everything else is escaped."""
    return runbooks.RUNBOOK_PATH.sub(
        lambda path: f'<a href="/runbooks/{path[1]}" {_NEW_TAB}>{path[0]}</a>' if runbooks.file(path[1]) else path[0],
        escape(text),
    )
