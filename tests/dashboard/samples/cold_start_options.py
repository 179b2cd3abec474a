"""What would change the sample's cold starts, and what its handler imports."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from ops import pricing
from ops.insight.cold_start_options.model import ColdBase
from ops.insight.cold_start_options.options import ColdStartOptions, compare_options
from ops.insight.imports.model import ImportedModule, ImportRecord, InitStatement
from tests.dashboard.samples.series import NOW
from tests.ops.insight.world import FUNCTION

_TREE = (
    ("handler.app", 40, 900, None),
    ("handler.jobs", 20, 560, 0),
    ("sklearn", 60, 520, 1),
    ("scipy.optimize", 110, 310, 2),
    ("numpy", 200, 200, 3),
    ("joblib", 150, 150, 2),
    ("boto3", 90, 240, 0),
    ("botocore.session", 150, 150, 6),
    ("json", 60, 60, 0),
)


def sample_imports(foreign: str) -> ImportRecord:
    """``foreign``: what a module's name may contain."""
    modules = tuple(
        ImportedModule(name + (foreign if name == "joblib" else ""), own * 1000, total * 1000, parent)
        for name, own, total, parent in _TREE
    )
    text = f"boto3.client('s3'){foreign}"
    made = InitStatement("client", "handler/app.py", 31, text, "connect in the handler")
    recorded = NOW - timedelta(days=1)
    how, machine = "importing handler.app 5 times on this machine", "x86_64, 4 processors, Python 3.13.1"
    return ImportRecord(modules, recorded, how, machine, "handler.app", "/src", (made,))


def sample_options(invocations: pd.DataFrame, minutes: float, imports: ImportRecord) -> ColdStartOptions:
    """``minutes``: the length of the range."""
    frame = invocations.assign(restore_ms=float("nan"), phase="", init_type="on-demand", tenant="")
    month = 730 * 60 / minutes
    inits = frame.loc[frame["cold"], "init_ms"]
    prices = pricing.load()
    usd = prices.gb_second(FUNCTION.architecture) / 1000 * month
    base = ColdBase(
        function=FUNCTION,
        prices=prices,
        frame=frame,
        imports=imports,
        start=frame["started"].min().to_pydatetime(),
        hours=minutes / 60,
        cold=len(inits) * month,
        invocations=len(frame) * month,
        wait_ms=float(inits.median()) if len(inits) else 0.0,
        runtime_ms=float(inits.median()) * 0.8 if len(inits) else 0.0,
        usd=float(frame["billed_ms"].sum()) * usd,
        init_usd=float(inits.sum()) * usd,
    )
    return compare_options(base, len(inits))
