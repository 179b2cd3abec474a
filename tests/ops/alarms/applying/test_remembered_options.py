"""Options kept as tags: read again as they were given, and what someone changed them to is never taken for an option."""

from __future__ import annotations

import pytest

from ops.alarms.applying import remembered_options
from ops.alarms.catalogue import CatalogueOptions
from ops.errors import UsageError


@pytest.mark.parametrize(("deadline", "budget"), [(1_209_599.0, 1_234_567.89), (0.1 + 0.2 + 1, 0.0), (1e9, 1e-9)])
def test_numbers_are_remembered_exactly(deadline: float, budget: float) -> None:
    kept = remembered_options.named(CatalogueOptions(deadline_s=deadline, day_budget_usd=budget))
    again = remembered_options.completed(CatalogueOptions(), kept)
    assert (again.deadline_s, again.day_budget_usd) == pytest.approx((deadline, budget), rel=1e-14)
    assert remembered_options.named(again) == kept


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "1e400", "soon", ""])
@pytest.mark.parametrize("option", ["deadline", "budget"])
def test_a_tag_that_is_no_such_number_is_refused(option: str, value: str) -> None:
    with pytest.raises(UsageError, match="is not valid"):
        remembered_options.completed(CatalogueOptions(), {option: value})
