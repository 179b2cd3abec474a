"""``score``: propensity and segment of each row, by a stored model. NumPy only.

Parameters: ``model`` (required): the model document, or the name of one (``s3://…`` or a path under the mount);
``top`` (0.1): the share of rows counted as the best prospects.

Result: ``scores`` = ``{"propensity": […], "segment": […]}`` in the order of the rows; ``summary``: rows, mean
propensity; of the top rows their number, the ``threshold`` and the expected responses; of each segment its rows and
mean propensity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import UnusableData, WrongSchema
from handler.jobs import Outcome, params
from handler.jobs.model import Model

if TYPE_CHECKING:
    from handler.jobs.table import Table


def run(table: Table, given: dict[str, Any]) -> Outcome:
    params.only(given, "model", "top")
    top = params.share(given, "top", 0.1)
    if "model" not in given:
        raise WrongSchema("model is missing")
    model = Model.from_document(given["model"])
    if not table.rows:
        raise UnusableData("the table has no rows")
    with np.errstate(over="ignore", invalid="ignore"):
        standard = model.standardise(table.matrix(model.features))
        propensity, segment = model.propensity(standard), model.segment(standard)
    if not np.isfinite(propensity).all():
        raise UnusableData("with these features the model's numbers are beyond what a float64 can hold")

    best = max(1, round(top * table.rows))
    threshold = float(np.partition(propensity, -best)[-best])
    chosen = propensity >= threshold
    groups = range(len(model.centers))
    counts = np.bincount(segment, minlength=len(groups))
    sums = np.bincount(segment, weights=propensity, minlength=len(groups))
    summary = {
        "rows": table.rows,
        "mean_propensity": float(propensity.mean()),
        "top": {
            "share": top,
            "rows": int(chosen.sum()),
            "threshold": threshold,
            "expected_responses": float(propensity[chosen].sum()),
        },
        "segments": [
            {
                "segment": group,
                "rows": int(counts[group]),
                "mean_propensity": float(sums[group] / counts[group]) if counts[group] else None,
            }
            for group in groups
        ],
    }
    scores = {"propensity": propensity.tolist(), "segment": segment.tolist()}
    return Outcome({"summary": summary, "scores": scores})
