"""Accounts (accounts.py) behind servers of their own."""

from collections.abc import Iterator

import pytest

from tests.cases.workloads.served import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as both:
        yield both
