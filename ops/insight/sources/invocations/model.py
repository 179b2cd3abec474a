"""The invocations that were read for a range."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.insight.invocation_table import Invocation, InvocationTable
from ops.insight.report_types import QueryCost
from ops.insight.sources.invocations.range_sample import RangeSample
from ops.measured_versions import MeasuredVersions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from ops.insight.sources.log_totals import LogTotals


@dataclass(frozen=True)
class Invocations:
    """``table``: oldest first. ``truncated``: there were more. ``unread``: what may not be read, as a clause, so that
    there may be invocations; empty where they could be read."""

    table: InvocationTable
    truncated: bool
    log_bytes: float
    look: QueryCost
    unread: str = ""
    sample: RangeSample | None = None
    """Set where the rows are a sample of the range's invocations; it is ``truncated`` then, too."""
    scale: float = 1.0
    """Invocations for each row: above 1 for a sample."""
    totals: LogTotals | None = None
    """Aggregates of all lines of the range, where they were read beside a sample (``sample_with_totals``)."""
    measured: MeasuredVersions = field(default_factory=MeasuredVersions)
    """Versions that memory sweeps of this machine published."""

    @property
    def parts(self) -> npt.NDArray[np.int64]:
        """The part of the range that each row is in; of a sample."""
        assert self.sample is not None  # noqa: S101 - of a sample
        return self.sample.parts(self.table.started)

    def named_versions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """``frame`` with each version under the name that is shown for it."""
        return frame.assign(version=frame["version"].map(self.measured.named)) if self.measured.versions else frame

    @property
    def rows(self) -> tuple[Invocation, ...]:
        """The rows as objects, which take time and memory: ``table`` has the same as arrays."""
        return self.table.rows

    @property
    def frame(self) -> pd.DataFrame:
        """One row per invocation, with ``Invocation``'s fields as columns; texts as text. Shared: not to be changed."""
        return self.table.text_frame
