"""The shapes in which loggers and runtimes write failures: one table for the query, the reader and the tests.

``SHAPES`` says what the logs are asked for (``FAILURES``); ``HEADS`` how a line of text begins, ``LEVEL_KEYS`` and
``SCALES`` where a record says how bad it is, and the other keys where it says why. A shape that is added here needs
lines in ``tests/cases/causes/logged_lines``: failures that are asked for and read, and harmless ones that are not failures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from handler import contract

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_BAD = """
    ERROR ERR ERRO EROR CRITICAL CRIT FATAL FATA FTL SEVERE EMERGENCY EMERG ALERT PANIC PANI DPANIC FAIL
"""
_FINE = """
    INFO INFORMATION INF NOTICE DEBUG DEBU DBUG DBG TRACE TRAC TRCE TRC WARN WARNING WRN VERBOSE VRB SILLY HTTP FINE
    FINER FINEST CONFIG SUCCESS DEFAULT LOG
"""
ERROR_WORDS, HARMLESS_WORDS = frozenset(_BAD.split()), frozenset(_FINE.split())
"""Words for a level, whatever their case. A word in neither has no meaning."""
SHOUTED = ("ERROR", "FATAL", "CRITICAL", "SEVERE", "EMERGENCY", "ALERT", "PANIC", "ERR", "FTL", "CRIT")
"""Words that text writes between spaces or brackets, in capitals."""

LEVEL_KEYS = (
    "level_name", "levelname", "levelName", "levelStr", "level", "Level", "log_level", "logLevel", "LogLevel",
    "loglevel", "log.level", "@l", "@level", "lvl", "severity", "Severity", "severityText", "severity_text",
    "SeverityText", "_meta.logLevelName", "record.level.name", "level.name", "level.levelStr",
)  # fmt: skip
"""Keys of a record's level, names before numbers. A dot is a nested key, or part of the key itself."""


@dataclass(frozen=True)
class LevelScale:
    """Numbers for levels. ``fields``: any of them beside the number identifies the logger; ``bad``: which are errors."""

    logger: str
    fields: frozenset[str]
    levels: range
    bad: range


def _scale(logger: str, fields: str, levels: range, bad: range) -> LevelScale:
    return LevelScale(logger, frozenset(fields.split()), levels, bad)


LEVEL_SCALES = (
    _scale("GELF and syslog", "short_message facility syslog_facility appname", range(8), range(4)),
    _scale("bunyan", "v hostname", range(10, 61), range(50, 61)),
    _scale("Monolog", "channel context datetime extra", range(100, 601), range(400, 601)),
    _scale("Python", "funcName pathname lineno exc_info levelno processName asctime logger", range(51), range(40, 51)),
    _scale("zap", "caller ts", range(-1, 6), range(2, 6)),
    _scale("Serilog and .NET", "MessageTemplate EventId Category", range(7), range(4, 6)),
    _scale("slog", "time msg source", range(-8, 10), range(8, 10)),
    _scale("pino", "pid msg err time reqId awsRequestId", range(10, 61), range(50, 61)),
)
"""Loggers whose records hold ``level`` as a number, by their other fields (their manuals, 2026-11): the first that fits
and has such a level. Without a logger a number has no meaning."""
NUMBER_KEYS = {
    "levelno": range(40, 51),
    "level_value": range(40_000, 50_001),
    "severityNumber": range(17, 25),
    "severity_number": range(17, 25),
    "SeverityNumber": range(17, 25),
    "_meta.logLevelId": range(5, 7),
    "severity": range(500, 801),
}
"""Keys that identify the logger by themselves, and its errors: Python, logback, OpenTelemetry, tslog, Google Cloud."""

OWN_REQUEST_KEYS = (
    contract.LOG_REQUEST_ID, "AWSRequestId", "awsRequestId", "aws_request_id", "lambda_request_id", "lambdaRequestId",
    "faas.execution", "faas.invocation_id",
)  # fmt: skip
"""Keys under which loggers write the request ID of their own invocation."""
REQUEST_KEYS = (*OWN_REQUEST_KEYS, "requestId", "request_id", "RequestId", "_requestId")
"""The last ones are Lambda's own in its JSON format, and in what a handler logs those of any service."""
REQUEST_IN = ("context", "extra", "mdc", "contextMap", "Properties", "span", "fields", "record", "labels", "Scope")
"""Parts of a record that hold what goes with every line. Not those of an error: services have request IDs too."""
MESSAGE_KEYS = (contract.LOG_MESSAGE_ID, "messageId", "MessageId", "sqs_message_id", "sqsMessageId")

LINE_PREFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[(?P<level>[A-Z]+)\]\t\S+\t(?P<request>{UUID})\t",  # Lambda's Python
        rf"[^\t\n]{{1,40}}\t(?:(?P<request>{UUID})|undefined)\t(?P<level>[A-Za-z]+)\t",  # Lambda's Node.js, .NET
        rf"(?P<request>{UUID})\t(?P<level>[A-Z]+|Invoke Error)\t",  # Bref
        r"[^\t\n]{1,40}\t(?P<level>[A-Za-z]{3,6})\t",  # zap
        r"[A-Z], \[[^\]\n]{1,80}\] +(?P<level>[A-Z]+) -- [^:\n]{0,80}: ",  # Ruby
        r"\[[^\]\n]{8,40}\] [\w-]{1,40}\.(?P<level>[A-Z]+): ",  # Monolog
        r"(?P<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^\]\s]{1,200}\] ",  # klog
        r"(?P<level>trce|dbug|info|warn|fail|crit): [\w.`+<>$-]{1,200}(?:\[-?\d+\])?\s{0,20}",  # .NET's console
        r"(?P<level>[A-Z]{4,8}):[\w.-]{0,100}:",  # Python's basicConfig
        r"\w{3} \d{1,2}, \d{4}[^\n]{0,200}\n(?P<level>[A-Z]{4,7}): ",  # java.util.logging
        r"(?P<level>[A-Z]{4})\[\d{4}\] ",  # logrus
        r"(?:\[[^\]\n]{8,40}\] )?(?:PHP )?(?:(?P<level>(?:Recoverable f|F)atal error|Parse error|Warning|Notice|"
        r"Deprecated)):  ?",  # PHP
    )
)
"""Beginnings of a line that one logger writes; others are read piece by piece (``heads``)."""
OWN_LEVELS = {
    "Invoke Error": True, "E": True, "F": True, "I": False, "W": False, "Fatal error": True, "Parse error": True,
    "Recoverable fatal error": True, "Warning": False, "Notice": False, "Deprecated": False,
}  # fmt: skip
"""Words that are levels in ``HEADS`` only, and whether they are errors."""


@dataclass(frozen=True)
class LogShape:
    """``name``: who writes it. ``asks``: what finds its failures in the logs; in it there is no slash."""

    name: str
    asks: tuple[str, ...]


def _cases(words: frozenset[str]) -> str:
    """``words`` in capitals, small, or as in a sentence."""
    return "|".join(f"{word}|[{word[0]}{word[0].lower()}]{word[1:].lower()}" for word in sorted(words))


_KEY = r"(?:[lL]evel(?:_?[nN]ame|Str)?|[sS]everity(?:_?[tT]ext)?|lvl|@l)"
_COLOUR = r"(?:\\u001[bB]\[\d+m)?"
_WORD = rf"(?:{_KEY}\\*\"\s*:\s*\\*\"{_COLOUR}|\b(?:level|lvl|severity)=\"?)(?:{_cases(ERROR_WORDS)})\b"
_NESTED = r"\"(?:levelStr|name)\":\s*\"ERROR\""
_NUMBER = (
    r"(?:[lL]evel(?:no|_value|Id)?|[sS]everity(?:_?[nN]umber)?)\"\s*:\s*\"?"
    r"(?:[0-589]|1[789]|2[0-4]|[456]0|[4-8][05]0|[45]0000)\b"
)
_SHOUT = rf"(?:^|[\s\[|.\":])(?:{'|'.join(SHOUTED)})(?:[^\w\"]|$)"
_QUIET = (
    r"\t(?:fail|crit|error|fatal)\t|^(?:\S+ ){0,2}(?:fail|crit|error|fatal|alert|emerg): "
    r"|[\[|:](?:error|critical|fatal) *[\]|]"
)
_TYPED = r"^[A-Za-z_][\w.$]*(?:Error|Exception|Failure|Fault)(?: \[\w+\])?(?::|$)|^Error: "
_AT = r"(?:^|\n)[ \t]+at \S"
_RUNTIME = r"\"errorType\":\s*\""
_PYTHON = (r"Traceback \(most recent call last\)", r"^ +File \".+\", line [0-9]+")
_RECORD = (_WORD, _NUMBER)

LOG_SHAPES = (
    LogShape("this project's handler", (_WORD,)),
    LogShape("invocation record", (r"\"status\":\s*\"(?:error|failure|timeout)\"",)),
    LogShape("REPORT", (r"Status: (?:error|failure|timeout)", r"Task timed out after")),
    LogShape("exit of a runtime", (r"RequestId: \S+ (?:Error: Runtime|Process exited)", r"^RequestId: \S+ Error: ")),
    LogShape("Powertools", _RECORD),
    LogShape("AWS Lambda JSON", (_WORD, _RUNTIME)),
    LogShape("Python runtime", (_SHOUT, *_PYTHON, _TYPED)),
    LogShape("Python logging", (_SHOUT, *_PYTHON, r"^ERROR:|^CRITICAL:")),
    LogShape("python-json-logger", _RECORD),
    LogShape("structlog", (_WORD, _QUIET)),
    LogShape("loguru", (_SHOUT, _NESTED)),
    LogShape("Node.js console", (_SHOUT, _AT)),
    LogShape("pino, bunyan", (*_RECORD, _SHOUT)),
    LogShape("winston", (_WORD, _QUIET)),
    LogShape("log4js, tslog", (_WORD, _SHOUT, _NESTED)),
    LogShape("Java stack trace", (_AT, _TYPED, r"^Caused by: |^[ \t]+\.\.\. \d+ more")),
    LogShape("log4j2", (_WORD, _SHOUT)),
    LogShape("logback, Spring", (_WORD, _SHOUT)),
    LogShape("java.util.logging", (_SHOUT,)),
    LogShape("ECS", _RECORD),
    LogShape("Serilog", (*_RECORD, _SHOUT)),
    LogShape(".NET console", (_QUIET, _AT, r"Unhandled exception")),
    LogShape(".NET JSON console", _RECORD),
    LogShape("Ruby", (_SHOUT, _RUNTIME, _TYPED, r"Critical exception from handler", r"^\S+\.rb:\d+:in ")),
    LogShape("Go slog, zap, logrus, zerolog", (*_RECORD, _SHOUT, _QUIET, r"^(?:ERRO|FATA|PANI)\[")),
    LogShape("Go panic", (r"^(?:panic|fatal error): ", r"^goroutine \d+ \[", r"^\t\S+\.go:\d+", _RUNTIME)),
    LogShape("klog", (r"^[EF]\d{4} \d\d:",)),
    LogShape("Rust tracing", (_WORD, _SHOUT, r"\x1b\[\d+m *ERROR")),
    LogShape("Rust panic", (r"^thread '[^']*'.* panicked at", r"^Error: ")),
    LogShape("Monolog", (*_RECORD, _SHOUT)),
    LogShape("PHP", (r"(?:Fatal|Parse) error: ",)),
    LogShape("Bref", (r"Invoke Error\t", _RUNTIME)),
    LogShape("Google Cloud severity", _RECORD),
    LogShape("GELF, syslog", _RECORD),
    LogShape("OpenTelemetry", _RECORD),
    LogShape("Elixir", (r"^\*\* \(\w", _QUIET)),
)

FAILURE_PATTERN = "|".join(dict.fromkeys(pattern for shape in LOG_SHAPES for pattern in shape.asks))
"""Matches messages that report a failure; a regular expression of Logs Insights and of Python."""
