"""Text columns as whole numbers: each text is kept once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ops.invocation_log import values

Codes = npt.NDArray[np.int32]

_ID_LENGTH = 36


class TextCodes:
    """The texts of a column, each with its code; 0 is the empty text. ``clean``: what is kept of a text."""

    def __init__(self, clean: Callable[[str], str] = values.text) -> None:
        self._codes: defaultdict[str, int] = defaultdict(count(1).__next__, {"": 0})
        self._texts: list[str] = []
        self._clean = clean

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def texts(self) -> list[str]:
        """The texts, at the position of their code."""
        if len(self._texts) < len(self._codes):
            self._texts.extend(islice(self._codes, len(self._texts), None))
        return self._texts

    def encode(self, texts: Sequence[str | None]) -> Codes:
        """Codes of texts, most of which are already known. None counts as the empty text."""
        known: Any = self._codes.get
        codes = list(map(known, texts))
        if None in codes:
            for place in [place for place, code in enumerate(codes) if code is None]:
                codes[place] = self.code(texts[place] or "")
        return np.array(codes, dtype=np.int32)

    def encode_ids(self, texts: Sequence[str]) -> Codes:
        """Codes of request IDs, most of which are new."""
        return self.add_all(texts) if _are_request_ids(texts) else self.encode(texts)

    def code(self, raw: str) -> int:
        return self.add(self._clean(raw))

    def add(self, clean: str) -> int:
        """The code of a text that needs no cleaning."""
        return self._codes[clean]

    def add_all(self, clean: Sequence[str]) -> Codes:
        return np.fromiter(map(self._codes.__getitem__, clean), np.int32, len(clean))


def _are_request_ids(texts: Sequence[str]) -> bool:
    """Whether all have the length of a request ID, and characters that no cleaning would change."""
    joined = "\n".join((*texts, ""))
    if not joined.isascii() or len(joined) != (_ID_LENGTH + 1) * len(texts):
        return False
    table = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(len(texts), _ID_LENGTH + 1)
    return bool(np.all(table[:, :_ID_LENGTH] > ord(" ")) and np.all(table[:, _ID_LENGTH] == ord("\n")))
