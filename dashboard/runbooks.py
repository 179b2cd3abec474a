"""Links to runbooks on the page of runbooks; and each as plain text at ``/runbooks/NAME``."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.formatting import escape
from ops import runbook_files

WRITTEN_FOR = "scilearn"
"""The stack in the commands of runbooks."""
_TO_FILL_IN = f". Put your stack's name in place of `{WRITTEN_FOR}`"
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_NEW_TAB = 'target="_blank" rel="noopener noreferrer"'


def page(request: Request) -> Response:
    """A runbook of this checkout, as text that no browser interprets as anything else. ``?stack=NAME``: with the names of
    that stack of the same template."""
    file = runbook_files.file(request.path_params["name"])
    if file is None:
        return PlainTextResponse("No runbook has this name.\n", 404)
    text, stack = file.read_text(), request.query_params.get("stack", "")
    return PlainTextResponse(with_stack(text, stack), headers={"X-Content-Type-Options": "nosniff"})


def with_stack(text: str, stack: str) -> str:
    """``text`` with the names of ``stack``, where that is one of this project's template, and without being told to put
    them there."""
    return re.sub(rf"\b{WRITTEN_FOR}\b", stack, text.replace(_TO_FILL_IN, "")) if _STACK.fullmatch(stack) else text


ROUTES = (Route("/runbooks/{name}", page, methods=["GET"]),)


def workload_query() -> dict[str, str]:
    """The workload as the address holds it: a link keeps it."""
    return {name: str(st.query_params[name]) for name in ("stack", "queue", "region") if name in st.query_params}


def link(runbook: str, alarm: str = "") -> str:
    """The runbook that an alarm names, as HTML: a link if it can be opened, else text. ``alarm``: it is filled in."""
    return _link(runbook, alarm, runbook)


def short_link(runbook: str, alarm: str = "") -> str:
    """``link`` with the text "Runbook" if the runbook can be opened."""
    return _link(runbook, alarm, "Runbook")


def titled_link(name: str, title: str, alarm: str = "") -> str:
    """``link`` to a runbook of this checkout, with its title as the text."""
    return _link(f"runbooks/{name}.md", alarm, title)


def _link(runbook: str, alarm: str, word: str) -> str:
    path = runbook_files.RUNBOOK_PATH.fullmatch(runbook)
    if runbook_files.is_page(runbook):
        address = runbook
    elif path and runbook_files.file(path[1]):
        address = _address(path[1], alarm)
    else:
        return links(runbook)
    return f'<a href="{escape(address)}" title="{escape(runbook)}" {_NEW_TAB}>{escape(word)}</a>'


def _address(file: str, alarm: str = "") -> str:
    query = {**workload_query(), "runbook": file.removesuffix(".md"), **({"alarm": alarm} if alarm else {})}
    return f"/runbooks?{urlencode(query)}"


def links(text: str) -> str:
    """Text as HTML in which the runbooks of this checkout are links; everything else is escaped."""
    return runbook_files.RUNBOOK_PATH.sub(
        lambda path: (
            f'<a href="{escape(_address(path[1]))}" {_NEW_TAB}>{path[0]}</a>'
            if runbook_files.file(path[1])
            else path[0]
        ),
        escape(text),
    )
