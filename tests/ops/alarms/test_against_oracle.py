"""The evaluator and the oracle agree; the bench ``evaluator`` runs many more of the same cases."""

from __future__ import annotations

import pytest

from tests.ops.alarms.oracle.cases import KINDS
from tests.ops.alarms.oracle.worked import all_cases


@pytest.mark.parametrize("kind", KINDS)
def test_they_agree(kind: str) -> None:
    assert [seed for seed in range(40) if not KINDS[kind](seed)] == []


def test_the_worked_cases_of_the_guide() -> None:
    cases = all_cases()
    assert len(cases) >= 200
    assert [(what, mine) for what, mine, expected in cases if mine != expected] == []
