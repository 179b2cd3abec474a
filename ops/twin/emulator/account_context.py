"""Whose account and region MiniStack works for. Requests carry it in context variables; our threads must set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ministack.core import responses


@contextmanager
def acting_for(account_id: str, region: str) -> Iterator[None]:
    """Within it, MiniStack's stores answer for this account and region."""
    account = responses._request_account_id.set(account_id)
    place = responses._request_region.set(region)
    try:
        yield
    finally:
        responses._request_region.reset(place)
        responses._request_account_id.reset(account)


def current() -> tuple[str, str]:
    return responses.get_account_id(), responses.get_region()
