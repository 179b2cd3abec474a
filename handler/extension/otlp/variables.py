"""Values of the standard variables: lists of pairs, numbers, and URLs. Nothing here quotes a value: it may be a secret."""

from __future__ import annotations

TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Characters of a header's name (RFC 9110, section 5.6.2)."""
HOST = frozenset("0123456789abcdefghijklmnopqrstuvwxyz.-_")
HOST_LITERAL = frozenset("0123456789abcdef:.")
HEX = frozenset("0123456789abcdefABCDEF")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Url:
    """``path`` begins with a slash; ``query`` is empty or begins with a question mark."""

    __slots__ = ("host", "path", "port", "query", "scheme")

    def __init__(self, scheme: str, host: str, port: int, path: str, query: str) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = query

    @property
    def authority(self) -> str:
        """Host and port as in a URL, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def url(text: str) -> Url:
    """Read an http or https URL. Raises ValueError, whose text says what is wrong and does not repeat the value."""
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in DEFAULT_PORTS:
        raise ValueError("it does not begin with http:// or https://")
    if not rest.isascii() or any(character <= " " or character == "\x7f" for character in rest):
        raise ValueError("it has characters that a URL cannot have; write them percent-encoded, a host name as xn--")
    if "#" in rest:
        raise ValueError("it has a fragment (#)")
    end = min(rest.find(mark) if mark in rest else len(rest) for mark in "/?")
    authority, rest = rest[:end].lower(), rest[end:]
    if "@" in authority:
        raise ValueError("it has a user name; credentials belong into OTEL_EXPORTER_OTLP_HEADERS")
    path, mark, query = rest.partition("?")
    host, port = _host_and_port(authority)
    return Url(scheme, host, DEFAULT_PORTS[scheme] if port is None else port, path or "/", mark + query)


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        if not bracket or set(host) - HOST_LITERAL or (port and not port.startswith(":")):
            raise ValueError("its address in brackets is not an IPv6 address")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
        if set(host) - HOST:
            raise ValueError("its host is not a host name")
    if not host:
        raise ValueError("it has no host")
    if not port:
        return host, None
    if not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65_536:
        raise ValueError("its port is not a number from 1 to 65535")
    return host, int(port)


def pairs(text: str) -> tuple[list[tuple[str, str]], list[int]]:
    """``key=value,key=value`` with percent-encoded values (W3C Baggage), and the places (from 1) of unreadable ones."""
    found, bad = [], []
    for place, item in enumerate(text.split(","), 1):
        if not item.strip():
            continue
        key, separator, value = item.partition("=")
        decoded = percent_decoded(value.strip())
        if not separator or not key.strip() or decoded is None:
            bad.append(place)
        else:
            found.append((key.strip(), decoded))
    return found, bad


def percent_decoded(text: str) -> str | None:
    """None where it is not UTF-8, or a percent sign is not followed by two hexadecimal digits."""
    if "%" not in text:
        return text
    head, *parts = text.encode("utf-8", "replace").split(b"%")
    data = bytearray(head)
    for part in parts:
        digits = part[:2].decode("latin-1")
        if len(digits) != 2 or set(digits) - HEX:
            return None
        data.append(int(digits, 16))
        data += part[2:]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def headers(text: str) -> tuple[list[tuple[str, str]], list[int]]:
    """Headers for every request, and the places (from 1) of those that cannot be sent."""
    found, bad = pairs(text)
    good = []
    for place, (name, value) in enumerate(found, 1):
        if set(name) - TOKEN or not value.isascii() or not value.isprintable():
            bad.append(place)
        else:
            good.append((name, value))
    return good, sorted(bad)


def milliseconds(text: str, lowest: int, highest: int) -> int | None:
    """None where it is not a whole number within the bounds."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return int(text) if lowest <= int(text) <= highest else None
