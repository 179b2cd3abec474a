"""Masks secrets in what is recorded, reported or printed, by the names of fields and by their own shapes.

Names and IDs stay: an ARN is never masked, nor is a name, an ID, a count or a time that a field's last word announces.
What has no known shape and stands in no field of a telling name is not found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

MASK = "***"
_SECRET_WORDS = frozenset(
    {
        *("password", "passwords", "passwd", "pwd", "passphrase", "pin", "secret", "secrets", "token", "tokens"),
        *("authorization", "bearer", "credential", "credentials", "cookie", "cookies", "apikey", "signature"),
    }
)
_NUMERIC_SECRETS = frozenset({"password", "passwd", "pwd", "passphrase", "pin"})
_SECRET_PAIRS = frozenset(
    {("api", "key"), ("access", "key"), ("secret", "key"), ("private", "key"), ("signing", "key")}
)
_PLAIN_ENDS = frozenset(
    {
        *("arn", "name", "id", "ids", "count", "counts", "type", "kind", "version", "at", "expires", "expiry", "age"),
        *("ttl", "seconds", "length", "size", "limit", "max"),
    }
)
"""Last words of fields about a secret that hold none: ``token_count``, ``SecretId``, ``password_changed_at``."""
_ENVIRONMENT = frozenset({"environment", "environment_variables", "env", "variables"})
"""Fields whose own fields are a function's variables, any of which may be a secret."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"'<>)\]}]+)"
_NAMED = (
    r"(?:pass(?:word|wd|phrase)|pwd|(?:[\w-]*[_-])?(?:secret|token)(?:[_-]?(?:access[_-]?)?key)?|"
    r"(?:x-)?(?:api|access|private)[_-]?key|authorization|(?:set-)?cookie)"
)
_SHAPES = (
    re.compile(r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"),
    re.compile(
        r"(?i)([?&](?:x-amz-(?:signature|credential|security-token)|awsaccesskeyid|signature|sig)=)[^&\s\"'<>]+"
    ),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?=@)"),  # the password in a URL
    re.compile(rf"(?i)((?<![\w-]){_NAMED}[\"']?\s*[=:]\s*)(?!\*\*\*){_VALUE}"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # a JSON Web Token
    re.compile(r"(\b(?:AKIA|ASIA))[A-Z0-9]{12,}\b"),  # an access key ID: with its kind
    re.compile(r"(\b(?:gh[pousr]_|github_pat_|xox[abprs]-|sk-))[\w-]{16,}"),
)


def mask_text(text: str) -> str:
    """``text`` with what looks like a secret masked: keys, tokens, signatures of URLs, ``password=…``."""
    for shape in _SHAPES:
        text = shape.sub(rf"\g<1>{MASK}", text)
    return text


def mask_value(value: Any, name: str = "") -> Any:
    """JSON's value with secrets masked, at any depth. ``name``: of the field that holds it."""
    if isinstance(value, Mapping):
        hidden = "_".join(_words(name)) in _ENVIRONMENT
        return {key: _mask_field(item, str(key), name if hidden else "") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(item, name) for item in value]
    if _is_secret_name(name) and _is_secret_value(value, name):
        return MASK
    return mask_text(value) if isinstance(value, str) else value


def is_masked(value: Any) -> bool:
    """Whether something in ``value`` was masked, so that it is not what it once was."""
    if isinstance(value, Mapping):
        return any(map(is_masked, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_masked, value))
    return isinstance(value, str) and MASK in value


def _mask_field(value: Any, name: str, environment: str) -> Any:
    """``environment``: the name of the variables' field where ``name`` is one of them."""
    if isinstance(value, Mapping) or not environment:
        return mask_value(value, environment if environment and isinstance(value, Mapping) else name)
    return MASK if value not in (None, "") else value


def _is_secret_value(value: Any, name: str) -> bool:
    if value is None or value == "" or isinstance(value, bool):
        return False
    if isinstance(value, int | float):  # a count of tokens is none
        return bool(_NUMERIC_SECRETS & set(_words(name)))
    return not str(value).startswith("arn:")


def _is_secret_name(name: str) -> bool:
    words = _words(name)
    if not words or words[-1] in _PLAIN_ENDS:
        return False
    return bool(_SECRET_WORDS & set(words) or _SECRET_PAIRS & set(pairwise(words)))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
