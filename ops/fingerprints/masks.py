"""What changes between two occurrences of one error: numbers, ids, times, addresses, quoted values, names of people.

What tells causes apart is kept: codes (HTTP, exit, errno, SQLSTATE, vendors'), and quoted names of things (keys,
modules, columns, constraints, types). Where a message alone cannot tell, ``code_split`` compares what a group
holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ops.fingerprints import mask_words as words

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Okt|Dez|Mai|Mär)[a-zä-ü]{0,6}"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[\s\u202f\u00a0]?[AaPp]\.?[\s\u202f\u00a0]?[Mm]\b\.?)?"
_ZONE = r"(?:\ ?(?:Z\b|UTC\b|(?:GMT)?[+-]\d\d:?\d\d|[A-Z]{3,4}T?\b)(?:\ \([A-Z][A-Za-z\ ]{2,40}\))?)"
_DATE = rf"""(?:{_DAY},?\ +)?(?:{_MONTH}\.?\ +\d{{1,2}}(?:st|nd|rd|th)?(?:,?\ +\d{{4}})?
    |\d{{1,2}}(?:st|nd|rd|th|\.)?[\ -]{_MONTH}\.?(?:,?[\ -]\d{{2,4}})?|\d{{1,2}}/{_MONTH}/\d{{4}})"""
_WHERE = r"(?:(?<![A-Za-z0-9_])|(?=[^A-Za-z0-9_]))"
"""Nothing that changes begins within a word; most positions are passed over by this alone."""
_PARTS = {
    "gap": "…",
    # Where JSON broke off: Python's and Node.js' readers.
    "json": r"""(?:Expecting\ [^\n]{1,60}?|Unterminated\ string\ starting\ at|Invalid\ [^:\n]{1,40}|Extra\ data)
          :\ line\ \d+\ column\ \d+\ \(char\ \d+\)
        | Unexpected\ (?:token\ [^\n]{1,80}?\ (?:at\ position\ \d+(?:\ \(line\ \d+\ column\ \d+\))?
            | is\ not\ valid\ JSON)
          | end\ of\ JSON\ input | non-whitespace\ character\ after\ JSON[^\n]{0,60})
        | (?:Expected\ [^\n]{1,60}?|Unterminated\ string|Bad\ [a-z\ ]{1,40})\ in\ JSON\ at\ position\ \d+
          (?:\ \(line\ \d+\ column\ \d+\))?""",
    "date": rf"\b{_DATE}(?:[\ :,T]+(?:at\ )?{_CLOCK}{_ZONE}?)?(?:\ \d{{4}}\b)?",
    "cued": rf"""\b(?:ENOTFOUND|EAI_AGAIN|lookup|[Uu]nknown\ host:?|resolve\ host(?:name)?:?|[Hh]ost(?:name)?[:=])
          \ *[A-Za-z][\w.-]*
        | ^[A-Za-z][\w.-]*(?=:\ (?:Name\ or\ service|nodename\ nor|Temporary\ failure|Name\ does\ not|No\ address))
        | \b(?i:{"|".join(sorted(words.SOMEBODY))})(?:_?id|_?name)?(?:[:=]\ *|\ +)[A-Za-z\u00c0-\u024f][\w.-]*
          (?=\s+(?:has|is|was|does|did|had|cannot|can't|could|not|no|already|exceeded|lacks|in|from|at|on|for|via|with
          |tried|failed|does)\b|\s*[,:;)\n]|\.?\s*$)""",
    "peer": r"\b(?:to|host|server|node|broker|endpoint|peer)\ (?=[A-Za-z][\w-]*[.-])[A-Za-z](?:[\w-]|\.(?=\w))*",
    "clock": rf"\b{_CLOCK}{_ZONE}?(?!\w)",
    "file": r"""(?<![\w/.])~?(?:/[\w.@%+=:-]++){2,}/? | \b[A-Z]:\\[^\s"'<>|]+
        | (?<![\w/.@-])[\w.%+=-]++(?:/[\w.%+=-]++)++/?""",
    "day": rf"""\d{{4}}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\ ?(?:Z|[+-]\d\d:?\d\d|UTC))?)?
        | \b\d{{1,4}}/\d{{1,2}}/\d{{2,4}}(?:,?\ {_CLOCK})?""",
    "pair": r"""(?<=\)=)\([^)\n]*\) | (?<=row\ contains\ )\([^\n]*\) | (?<=The\ duplicate\ key\ value\ is\ )\([^)\n]*\)
        | (?<=input_value=)[^\n]*?(?=,\ input_type=|\n|$)""",
    "quoted": r"""(?<!\w)'[^'\n]*'(?!\w) | "[^"\n]*" | `[^`'\n]*[`'] | “[^”\n]*” | „[^“”\n]*[“”] | «[^»\n]*» | ‘[^’\n]*’
        | 「[^」\n]*」 | 『[^』\n]*』""",
    "address": r"""\b[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>|]+ | \barn:[\w-]+:[^\s"'<>|,]+
        | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+""",
    "secret": r"""\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?
        | (?<![A-Za-z0-9+/_-])(?=[a-z/]*[0-9A-Z+])[A-Za-z0-9+/]{32,}={0,2}
        | (?<![A-Za-z0-9+/_-])(?=[a-z_-]*[A-Z0-9])(?=[A-Z0-9_-]*[a-z])(?=[\w-]*\d)[\w-]{32,}""",
    "dotted": r"(?<![\w/.-])[\w%+=-]++(?:\.[\w%+=-]++)++(?::\d++)?(?![\w(])",
    "host": r"(?<![\w.:/-])[A-Za-z][\w-]*(?:\.[\w-]+)*:\d{2,5}(?![\w:.])",
    "ip": r"""(?<![\w:.])(?=[0-9a-fA-F:.]*\d)(?=[0-9a-fA-F.]*:[0-9a-fA-F.]*:)
        [0-9a-fA-F]{0,4}(?::[0-9a-fA-F.]{0,15}){2,7}(?:%\w+)?""",
    "id": r"(?<![A-Za-z0-9_-])[A-Za-z_\u00c0-\u024f-]*+\d(?:[.,:]?[A-Za-z0-9_\u00c0-\u024f-])*+",
}
_RARE = ("gap", "json", "date", "pair", "secret", "cued", "ip")
_MARKS = re.compile(r"…| JSON|\(char |\)=\(|contains \(|value=|value is \(")
_DATED = re.compile("Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Okt|Dez|Mai|Mär|Mon|Tue|Wed|Thu|Fri|Sat|Sun")
_QUOTES, _DIGIT = re.compile("[\"'`“„«‘「『]"), re.compile(r"\d")
_TIMED = re.compile(r"\d[:/-]\d")
_BREAKS = str.maketrans(dict.fromkeys(":=([{\"'`#,<>*：（，。", " "))
_CUES = words.SOMEBODY.union(*({f"{who}{end}" for who in words.SOMEBODY} for end in ("id", "_id", "name", "_name"))) | {
    *("enotfound", "eai_again", "lookup", "unknown", "resolve", "host", "hostname"),
}
_NO_NAME = re.compile(r": (?:Name|nodename|Temporary|No address)")
_LONG = 32


def _pattern(message: str) -> re.Pattern[str]:
    """What can be in ``message``: to look for all of it at each word would take five times as long."""
    digit = _DIGIT.search(message) is not None
    return _compiled(
        _rare(message, digit),
        digit and _TIMED.search(message) is not None,
        _QUOTES.search(message) is not None,
        "://" in message or "arn:" in message or "@" in message,
        "/" in message or "\\" in message,
        "." in message or "-" in message,
        digit and ":" in message,
        digit,
    )


def _rare(message: str, digit: bool) -> bool:
    some = message.lower().translate(_BREAKS).split()
    return (
        not _CUES.isdisjoint(some)
        or _MARKS.search(message) is not None
        or (digit and (_DATED.search(message) is not None or message.count(":") > 1))
        or max(map(len, some), default=0) >= _LONG
        or _NO_NAME.search(message) is not None
    )


@lru_cache(maxsize=256)
def _compiled(rare: bool, *found: bool) -> re.Pattern[str]:
    hinted = (("clock", "day"), ("quoted",), ("address",), ("file",), ("dotted", "peer"), ("host",), ("id",))
    chosen = {name for names, here in zip(hinted, found, strict=True) if here for name in names}
    chosen |= {*_RARE} if rare else {*()}
    parts = "|".join(f"(?P<{name}>{part})" for name, part in _PARTS.items() if name in chosen)
    return re.compile(f"{_WHERE}(?:{parts or '(?!)'})", re.VERBOSE)


_MAX_CODE_CHARS = (6, 11)
"""Characters; of a negative one, such as Windows' exit codes."""
_OF_FIELD = re.compile(r"[\"']\s?:\s?$")
_ID_PART = re.compile(r"(?:(?<==)-)?[A-Za-z]*\d[A-Za-z0-9]*")
_BEFORE = 40
_OF_TABLES = [["index"], ["constraint"], ["column"], ["table"], ["relation"], ["collection"], ["field"]]
"""What is named without quotes."""
_OF_STORES = [["key"], ["object"], ["prefix"], ["blob"], ["file"], ["path"]]
_CUED = frozenset({"cued", "peer"})
_HOST_CUE = re.compile(r".*[\s:=]", re.DOTALL)


class Span(NamedTuple):
    """A part of a message that changes. ``kind``: number | value (a quoted one) | other."""

    start: int
    end: int
    kind: str


def spans(message: str) -> list[Span]:
    """What of ``message`` changes, in order."""
    found: list[Span] = []
    search = _pattern(message).search
    at = 0
    while match := search(message, at):
        start, at = match.span()
        decide = _DECIDED.get(match.lastgroup or "")
        if decide is None:
            found.append(Span(start, at, "other"))
        elif spots := decide(message, start, at):
            found += spots
        elif match.lastgroup in _CUED:  # nothing of the words after the cue was understood
            at = message.find(" ", start) + 1 or at
    return found


def may_be_code(message: str, span: Span) -> bool:
    """Whether a part that changes could be a code, which only other messages can tell: it is short, of no unit, and no
    count of attempts, rows and the like."""
    text = message[span.start : span.end].strip("'\"`")
    if span.kind == "other" or not words.SHORT.fullmatch(text):
        return False
    last = "".join(_before(message, span.start)[-1:]).rstrip(".")
    if span.kind == "value" and not text.isdigit():
        return last in words.OUTCOMES
    return last not in words.COUNTED and words.UNIT.match(message, span.end) is None


def _quoted(message: str, start: int, end: int) -> list[Span]:
    text = message[start + 1 : end - 1]
    if _is_name(message, start, end, text):
        return [Span(start + 1 + part.start(), start + 1 + part.end(), "number") for part in _numbered(text)]
    return [Span(start, end, "value")]


def _is_name(message: str, start: int, end: int, text: str) -> bool:
    if text in words.TYPES or message.startswith(" not supported", end):
        return True
    if text.startswith("…") or not words.NAME.fullmatch(text.partition(",")[0]):
        return False
    if len(message) == end - start:
        return True
    before = _before(message, start)
    last = before[-1] if before else ""
    if end == len(message) and last.endswith(("error", "exception")) and message[start - 2] == ":":
        return True
    if _OF_FIELD.search(message, max(0, start - 4), start):  # a value behind its key
        return last in words.CODED_FIELDS
    if last == "name" and before[-2:-1] and before[-2] in words.GIVEN:
        return False
    if (
        last in words.NAMED
        or last.endswith(words.NAMED_IN_CJK)
        or before[-2:] in (["not", "found"], ["instances", "of"], ["parameter", "in"])
    ):
        return True
    if last in words.GIVEN:
        return before[-3:-1] == ["parameter", "in"] and last == "input"
    return words.NAMED_AFTER.match(message, end) is not None


def _numbered(text: str) -> list[re.Match[str]]:
    return [part for part in _ID_PART.finditer(text) if part[0].lower() not in words.SPELLED]


def _before(message: str, start: int) -> list[str]:
    """The last words before ``start``, in small letters."""
    return message[max(0, start - _BEFORE) : start].lower().translate(_BREAKS).split()[-3:]


def _id(message: str, start: int, end: int) -> list[Span]:
    text = message[start:end].rstrip("-")
    if ":" in text and not text[0].isdigit():  # s3:GetObject, code:404
        head, _, rest = text.partition(":")
        if head.lower() in words.SPELLED and not any(sign.isdigit() for sign in rest):
            return []
    if text[0].isalpha() and _before(message, start)[-1:] in _OF_TABLES:
        return [Span(start + part.start(), start + part.end(), "number") for part in _numbered(text)]
    if text.lower() in words.SPELLED or words.VENDOR.fullmatch(text) or _is_code(message, start, end, text):
        return []
    return [Span(start, end, "number")]


def _is_code(message: str, start: int, end: int, text: str) -> bool:
    if text.startswith("0x"):
        return "".join(_before(message, start)[-1:]) in words.CODED | {"code"}
    if len(text) > _MAX_CODE_CHARS[text[0] == "-"] or not text[-1].isalnum():
        return False
    if text.lstrip("-").isdigit():
        return _is_number_code(message, start, end, text)
    before = _before(message, start)
    return bool(words.STATE.fullmatch(text)) and (before[-1:] == ["sqlstate"] or message[start - 1 : start] == "(")


def _is_number_code(message: str, start: int, end: int, text: str) -> bool:
    before = _before(message, start)
    last = before[-1].rstrip(".") if before else ""
    if last in words.CODED or last.startswith("http/") or before[-2:] == ["exited", "with"]:
        return True
    if last in ("code", "コード", "代码"):
        alone = len(text) <= 3 and '"code"' not in message[max(0, start - 9) : start]
        return alone or (len(before) > 1 and before[-2] in words.CODE_OF) or text[0] == "-"
    if start == 1 and message[0] == "(" and message[end : end + 1] == ",":
        return True  # (1045, "Access denied"), as MySQL's drivers for Python say it
    if last == "error" and len(text) <= 5:
        return message[start - 1 : start] in " (#" and message[start - 2 : start - 1] != ":"
    if message[start - 1 : start] == "(" and message[end : end + 1] == ")" and len(text) == 5:
        return last.isdigit()  # ERROR 1062 (23000)
    if len(text) == 3 and "100" <= text < "600":
        if words.REASON.match(message, end):
            return True
        return last in words.ANSWERED and words.NO_UNIT.match(message, end) is not None
    return last.endswith(("代码", "コード", "状态码"))


def _file(message: str, start: int, end: int) -> list[Span]:
    """A path, but no words with a slash between them, nor a media type."""
    text = message[start:end]
    head, *rest = text.split("/")
    if head and text.lower() not in words.SLASHED and _before(message, start)[-1:] in _OF_STORES:
        return [Span(start, end, "other")]
    plain = head and head != "~" and len(rest) == 1 and ":" not in text
    if plain and ("." not in rest[0] or head in words.MEDIA or not words.EXTENSION.search(rest[0])):
        return [] if not any(sign.isdigit() for sign in text) else _id(message, start, end)
    return [Span(start, end, "other")]


def _dotted(message: str, start: int, end: int) -> list[Span]:
    """A file's name or a host, or else what the numbers in it are."""
    text = message[start:end]
    name, _, port = text.partition(":")
    last = name.rpartition(".")[2]
    if last in words.FILES or last in words.HOSTS or len(port) > 1:
        return [Span(start, end, "other")]
    if text.lstrip("-")[:1].isdigit():
        return _id(message, start, start + len(text.rstrip("%")))
    return [Span(start + part.start(), start + part.end(), "number") for part in _numbered(text)]


def _host(message: str, start: int, end: int) -> list[Span]:
    """A host, or a word and a number that only look like one with its port."""
    text = message[start:end]
    name, _, port = text.partition(":")
    if not port or "." in name or "-" in name or len(port) > 3 or port in words.PORTS:
        if name.lower() in words.CODED or name.lower() == "code":
            return _id(message, start + len(name) + 1, end)
        return [Span(start, end, "other")]
    return _id(message, start + len(name) + 1, end)


def _cued(message: str, start: int, end: int) -> list[Span]:
    """A host's or somebody's name after the word that says so."""
    text = message[start:end]
    cue = _HOST_CUE.match(text)
    name = text[cue.end() :] if cue else text
    if name.lower().rstrip(".") in words.NOBODY:
        return []
    return [Span(end - len(name), end - (name[-1] == "."), "other")]


_DECIDED: dict[str, Callable[[str, int, int], list[Span]]] = {
    "quoted": _quoted,
    "id": _id,
    "host": _host,
    "file": _file,
    "dotted": _dotted,
    "cued": _cued,
    "peer": _cued,
}
