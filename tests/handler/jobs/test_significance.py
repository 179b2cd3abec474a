"""Our tests beside those of ``scipy.stats``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from handler.jobs.significance import chi_square, mann_whitney, ranks, welch
from tests.handler.worlds import charity


@pytest.fixture
def stats() -> Any:
    """Imported where it is needed: it takes long, and each process of the tests reads this file."""
    from scipy import stats

    return stats


@pytest.fixture(params=["avggift", "mailsyear", "resplast"])
def groups(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    columns = charity(300)["columns"]
    values, respond = np.array(columns[request.param]), np.array(columns["respond"])
    return values[respond == 0], values[respond == 1]


def test_ranks(groups: tuple[np.ndarray, np.ndarray], stats: Any) -> None:
    assert ranks(groups[0]).tolist() == stats.rankdata(groups[0]).tolist()


def test_welch(groups: tuple[np.ndarray, np.ndarray], stats: Any) -> None:
    oracle = stats.ttest_ind(groups[1], groups[0], equal_var=False)
    assert welch(*groups) == pytest.approx((oracle.statistic, oracle.pvalue))


def test_mann_whitney(groups: tuple[np.ndarray, np.ndarray], stats: Any) -> None:
    oracle = stats.mannwhitneyu(groups[1], groups[0], method="asymptotic")
    assert mann_whitney(*groups) == pytest.approx((oracle.statistic, oracle.pvalue))


@pytest.mark.parametrize("counts", [[[10, 20], [30, 5]], [[3, 9, 4], [8, 2, 7]], [[5, 5], [5, 5]], [[1, 0], [0, 1]]])
def test_chi_square(counts: list[list[int]], stats: Any) -> None:
    oracle = stats.chi2_contingency(counts)
    assert chi_square(np.array(counts)) == pytest.approx((oracle.statistic, oracle.pvalue))
