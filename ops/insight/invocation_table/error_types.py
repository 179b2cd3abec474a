"""``rules.error_type`` of many lines at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from handler.extension.records import rules
from ops.insight.invocation_table.text_codes import Codes, TextCodes


def error_types(columns: Mapping[str, npt.NDArray[Any]], texts: Mapping[str, TextCodes]) -> Codes:
    """The codes of the error types, by status, reported type and memory: one call of the rule per combination."""
    status, reported = columns["status"], columns["error_type"]
    used, size = columns["memory_used_mb"], columns["memory_size_mb"]
    full = (used >= size) & (size > 0)
    combined = (status.astype(np.int64) * len(texts["error_type"]) + reported) * 2 + full
    combinations, which = np.unique(combined, return_inverse=True)
    types = len(texts["error_type"])
    answers = [_answer(int(combination), types, texts) for combination in combinations.tolist()]
    return np.array(answers, dtype=np.int32)[which]


def _answer(combination: int, types: int, texts: Mapping[str, TextCodes]) -> int:
    rest, full = divmod(combination, 2)
    status, reported = divmod(rest, types)
    memory = (1.0, 1.0) if full else (None, None)
    named = rules.error_type(texts["status"].texts[status], texts["error_type"].texts[reported], *memory)
    return texts["error_type"].add(named)
