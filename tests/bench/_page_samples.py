"""What the pages need besides metrics, for the bench ``dashboard``: a saved comparison and sweep, and a job to trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from dashboard.components.logs_and_traces.trace_link import TRACE_KEY
from handler import contract
from ops import typed_json
from ops.rightsize import results
from tests.dashboard.samples.comparisons import comparison_run
from tests.dashboard.samples.sweeps import sweep
from tests.twins import Twin

OPENS_WITHOUT_CHART = ("trace", "runbooks", "audit")
"""They draw none, or none before something is chosen."""
SAVED = ("compare", "rightsize")
"""They show what a command measured, at its time: a refresh is over when the script has ended."""
REMARKS = {
    "trace": "first_chart_ms is its first content, without a job; a refresh searches a job's log lines again, in rounds; "
    "the volume of the logs, for its price, is read with one GetMetricData request and kept for some minutes",
    "runbooks": "first_chart_ms is its first content, as it draws no chart; it reads no metrics",
    "audit": "first_chart_ms is its first content, as it draws no chart; it reads no metrics",
    "compare": "shows a saved run (here a sample): refresh_ms is until the script has ended; it reads no metrics",
    "rightsize": "shows a saved sweep (here a sample): refresh_ms is until the script has ended; it reads no metrics",
}
"""Where a figure is not what it is on the other pages, and why."""


def save_measurements(twin: Twin, twin_folder: Path, home: Path) -> None:
    """A comparison and a sweep, where a dashboard with OPS_TWIN_DIR and OPS_HOME of these two finds them."""
    compared = home / "compare" / "last.json"
    compared.parent.mkdir(parents=True)
    compared.write_text(typed_json.dumps(comparison_run()))
    function, state = twin.outputs[contract.OUTPUT_FUNCTION], twin.state
    measured = replace(sweep(), function=function, account=state.account_id, region=state.region, twin=True)
    swept = twin_folder / "ops" / "rightsize"
    swept.mkdir(parents=True)
    results.save(swept, measured)


def choice(key: str, job: str) -> str:
    """What the page's address needs so that there is something to show: on Trace, a job."""
    return f"&{TRACE_KEY}={quote(job)}" if key == "trace" and job else ""


def a_job(twin: Twin) -> str:
    """The ID of one with a result; empty where there is none."""
    found = twin.client("s3").list_objects_v2(
        Bucket=twin.outputs[contract.OUTPUT_BUCKET], Prefix=contract.RESULT_PREFIX, MaxKeys=1
    )
    keys = [each["Key"] for each in found.get("Contents", ())]
    return keys[0].removeprefix(contract.RESULT_PREFIX).removesuffix(".json") if keys else ""
