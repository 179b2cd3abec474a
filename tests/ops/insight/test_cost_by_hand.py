"""The cost model against workloads that were priced by hand from the price list."""

from __future__ import annotations

import pytest

from tests.bench import _cost_workloads
from tests.bench._cost_workloads import PricedByHand


@pytest.mark.parametrize("workload", _cost_workloads.read(), ids=lambda each: each.name)
def test_each_part_costs_what_was_worked_out_by_hand(workload: PricedByHand) -> None:
    assert not workload.slips, "the arithmetic gives other dollars"
    assert workload.spent() == pytest.approx(workload.worked, rel=1e-9)
