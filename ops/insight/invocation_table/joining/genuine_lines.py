"""Detection of genuine lines among those that look like the platform's or the extension's.

A function's output goes to the same log stream, so text that it prints (a message's body, another function's log) may
have the form of a REPORT line, of a platform event or of an invocation record. They are distinguished by:

- *Another function's name* in a record, or in the stream's name where functions share a log group.
- *The format.* An environment logs in one format, and a stream is of one environment. Where plain REPORT lines and JSON
  ``platform.report`` events are in one stream, those in the format that the function is not set to are not genuine.
- *The platform's word.* It reports each invocation before the extension writes the record. A record is not genuine
  where its stream has reports from the time after it began, and none in the whole log names its request id.

The last two are not checked for rows of an unknown stream. One forgery remains possible: a line in the right format
with the request id of a real invocation. Only code that runs in the function knows that id beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ops.insight.invocation_table.lines.columns import Column, LineColumns, OtherLine
from ops.insight.invocation_table.lines.times import UNKNOWN


def genuine_lines(
    lines: LineColumns, columns: Mapping[str, Column], function: str, as_json: bool
) -> tuple[npt.NDArray[np.intp], list[OtherLine]]:
    """The rows of ``columns``, and the other lines, that may be taken for what they say."""
    own = (0, lines.functions.add(function))
    mine = np.isin(columns["function"], own) if function else np.ones(len(columns["at"]), dtype=bool)
    others = [
        other for other in lines.others if not (function and other.line.function) or other.line.function == function
    ]
    record, stream, request_id = columns["record"], columns["stream"], columns["request_id"]
    report = mine & ~record
    formats = np.zeros((2, len(lines.streams)), dtype=bool)
    for place, form in enumerate((False, True)):
        formats[place, stream[report & (columns["as_json"] == form)]] = True
    mixed = formats[0] & formats[1]
    mixed[0] = False  # an unknown stream
    mine &= record | ~mixed[stream] | (columns["as_json"] == as_json)
    others = [other for other in others if not mixed[other.stream] or other.line.as_json == as_json]
    reported = np.zeros(len(lines.request_ids), dtype=bool)
    reported[request_id[mine & ~record]] = True
    reported[[other.request_id for other in others]] = True
    latest = np.full(len(lines.streams), UNKNOWN, dtype=np.int64)
    succeeded = mine & ~record & (columns["status"] == lines.texts["status"].add("success"))
    np.maximum.at(latest, stream[succeeded], columns["at"][succeeded])
    latest[0] = UNKNOWN
    mine &= ~record | reported[request_id] | (columns["started"] > latest[stream])
    return np.flatnonzero(mine), others
