"""Which traces are exported: the samplers of the specification that need no remote service.

All are exported unless a sampler is named. The specification's own default follows the caller's decision, which here is
X-Ray's: where X-Ray is not used it would export nothing.
"""

from __future__ import annotations

LOW_64_BITS = (1 << 64) - 1


class Sampler:
    """``follow``: take the decision of the trace header where there is one. ``ratio``: of the other traces."""

    __slots__ = ("_bound", "_follow")

    def __init__(self, follow: bool, ratio: float) -> None:
        self._follow = follow
        self._bound = round(ratio * (LOW_64_BITS + 1))

    def samples(self, trace_id: str, decision: str) -> bool:
        """``trace_id``: 32 hexadecimal digits. ``decision``: ``Sampled`` of the trace header, "1", "0" or other."""
        if self._follow and decision in ("0", "1"):
            return decision == "1"
        return int(trace_id, 16) & LOW_64_BITS < self._bound


def sampler(name: str, argument: str) -> Sampler | None:
    """None where the name, or the ratio, is not a standard one. No name: every trace."""
    follow = name.startswith("parentbased_")
    kind = name.removeprefix("parentbased_") or ("" if follow else "always_on")
    if kind == "traceidratio":
        try:
            ratio = float(argument or "1")
        except ValueError:
            return None
        return Sampler(follow, ratio) if 0 <= ratio <= 1 else None
    ratios = {"always_on": 1.0, "always_off": 0.0}
    return Sampler(follow, ratios[kind]) if kind in ratios else None
