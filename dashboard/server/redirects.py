"""Addresses that lead to another one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from dashboard.pages import PAGES


def _open_overview(request: Request) -> RedirectResponse:
    """Streamlit serves its first page at the root only. The selection in the address is kept."""
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")


ROUTES = (Route(f"/{PAGES['overview'].address}", _open_overview, methods=["GET"]),)
