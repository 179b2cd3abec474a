"""JSON without the ``json`` package, which would import ``re`` and cost 9 ms and 1 MB at start (Python 3.11).

The C scanner that ``json`` itself stands on does the reading; an interpreter without it uses ``json`` after all.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Scan = Callable[[str, int], tuple[Any, int]]

MAX_INT_LENGTH = 18
"""Characters of an integer: epoch milliseconds have 13, and no other number of ours is longer."""
WHITESPACE = " \t\r\n"


class _Options:
    """How to read: strictly, plain dicts and numbers, and NaN or Infinity (no JSON) as null."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float

    @staticmethod
    def parse_int(digits: str) -> float:
        """A number that Python would refuse to read (from 4,300 digits on) must not end the array that it is in."""
        return int(digits) if len(digits) <= MAX_INT_LENGTH else float(digits)

    @staticmethod
    def parse_constant(_name: str) -> None:
        return None


scan: Scan
quote: Callable[[str], str]
try:
    from _json import encode_basestring_ascii as quote
    from _json import make_scanner

    scan = make_scanner(_Options)  # type: ignore[arg-type]  # typed for JSONDecoder only
except ImportError:
    from json.decoder import JSONDecoder
    from json.encoder import encode_basestring_ascii as quote

    scan = JSONDecoder(parse_int=_Options.parse_int, parse_constant=_Options.parse_constant).scan_once  # type: ignore[attr-defined]  # as above


def elements(text: str) -> Iterator[Any]:
    """The elements of a JSON array, one at a time, so that a reader of a huge batch may pause between them.

    Raises ValueError where the text stops being a JSON array; what came before has been yielded by then.
    """
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise ValueError("not a JSON array")
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return
    while True:
        value, at = _scan(text, at)
        yield value
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return
        if text[at : at + 1] != ",":
            raise ValueError("the JSON array is cut off")
        at = _skip(text, at + 1)


def parse(text: str) -> Any:
    """One JSON value. Raises ValueError."""
    return _scan(text, _skip(text, 0))[0]


def dumps(value: Any) -> str:
    """Compact JSON of dicts with string keys, lists, strings, finite numbers, booleans and None."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        return "{" + ",".join([quote(key) + ":" + dumps(item) for key, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([dumps(item) for item in value]) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _scan(text: str, at: int) -> tuple[Any, int]:
    try:
        return scan(text, at)
    except (StopIteration, SystemError):
        # Up to Python 3.11 the scanner raises SystemError for want of json.decoder's exception, unless that is loaded.
        raise ValueError(f"no JSON value from character {at}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in WHITESPACE:
        at += 1
    return at
