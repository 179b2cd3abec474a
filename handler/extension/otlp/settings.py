"""What the standard environment variables ask for.

OpenTelemetry specification 1.4x, "OpenTelemetry Protocol Exporter" and "Environment variables"; an empty value counts
as unset. An unusable value never stops the function: the signal is not exported, and a log line says why.
"""

from __future__ import annotations

from handler.extension.otlp import variables
from handler.extension.otlp.sampling import Sampler, sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.extension.otlp.variables import Url

PROTOCOL = "http/json"
TRACES = "traces"
METRICS = "metrics"
OWN_HEADERS = frozenset(
    ("connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding")
)
"""Headers that describe the request itself: no variable may set them."""
TIMEOUT_MS = 10_000
MAX_MS = 600_000
SPAN_DELAY_MS = 5_000
METRIC_INTERVAL_MS = 60_000


class Endpoint:
    """Where and how one signal is sent."""

    __slots__ = ("ca_file", "gzip", "headers", "timeout_s", "url")

    def __init__(self, url: Url, headers: list[tuple[str, str]], timeout_s: float, gzip: bool, ca_file: str) -> None:
        self.url = url
        self.headers = headers
        self.timeout_s = timeout_s
        self.gzip = gzip
        self.ca_file = ca_file

    def __str__(self) -> str:
        """The URL for log lines: without the query, which may hold a key."""
        return f"{self.url.scheme}://{self.url.authority}{self.url.path}"


class Settings:
    """``endpoints``: by signal, those that are exported. ``problems``: one sentence each, without any value."""

    def __init__(self, environment: Mapping[bytes, bytes]) -> None:
        self._environment = environment
        self.problems: list[str] = []
        self.endpoints: dict[str, Endpoint] = {}
        if self.value("OTEL_SDK_DISABLED").lower() != "true":
            for signal in (TRACES, METRICS):
                endpoint = self._endpoint(signal)
                if endpoint is not None:
                    self.endpoints[signal] = endpoint
        self.problems = list(dict.fromkeys(self.problems))

    def value(self, name: str) -> str:
        return self._environment.get(name.encode(), b"").decode("utf-8", "replace").strip()

    def span_delay_s(self) -> float:
        return self._milliseconds("OTEL_BSP_SCHEDULE_DELAY", SPAN_DELAY_MS) / 1000

    def metric_interval_s(self) -> float:
        return self._milliseconds("OTEL_METRIC_EXPORT_INTERVAL", METRIC_INTERVAL_MS) / 1000

    def cumulative(self) -> bool:
        """Temporality of the metrics: cumulative, as the specification's default, unless another is preferred."""
        name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
        preference = self.value(name).lower()
        if preference not in ("", "cumulative", "delta", "lowmemory"):
            self.problems.append(f"{name} is not cumulative, delta or lowmemory; metrics are cumulative")
        return preference not in ("delta", "lowmemory")

    def sampler(self) -> Sampler:
        chosen = sampler(self.value("OTEL_TRACES_SAMPLER"), self.value("OTEL_TRACES_SAMPLER_ARG"))
        if chosen is None:
            self.problems.append("OTEL_TRACES_SAMPLER or its argument is not one of the standard; all are exported")
        return chosen or Sampler(False, 1.0)

    def resource_attributes(self) -> list[tuple[str, str]]:
        """The user's own, OTEL_SERVICE_NAME among them. All are left out if one cannot be read, as specified."""
        found, bad = variables.pairs(self.value("OTEL_RESOURCE_ATTRIBUTES"))
        if bad:
            self.problems.append(f"OTEL_RESOURCE_ATTRIBUTES is ignored: pair {bad[0]} is not key=value")
            found = []
        name = self.value("OTEL_SERVICE_NAME")
        return [*found, ("service.name", name)] if name else found

    def _endpoint(self, signal: str) -> Endpoint | None:
        if not self._wanted(signal):
            return None
        name, protocol = self._of(signal, "PROTOCOL")
        if protocol not in ("", PROTOCOL):
            self.problems.append(f"{name} is not {PROTOCOL}, the only protocol here: no {signal} are exported")
            return None
        name, text = self._of(signal, "ENDPOINT")
        try:
            url = variables.url(text)
        except ValueError as error:
            self.problems.append(f"{name} is not usable, {error}: no {signal} are exported")
            return None
        if name == "OTEL_EXPORTER_OTLP_ENDPOINT":
            url.path = f"{url.path.rstrip('/')}/v1/{signal}"
        name, compression = self._of(signal, "COMPRESSION")
        if compression not in ("", "none", "gzip"):
            self.problems.append(f"{name} is not gzip or none: {signal} are not compressed")
        name, _ = self._of(signal, "TIMEOUT")
        timeout_ms = self._milliseconds(name, TIMEOUT_MS)
        _, ca_file = self._of(signal, "CERTIFICATE")
        return Endpoint(url, self._headers(signal), timeout_ms / 1000, compression == "gzip", ca_file)

    def _wanted(self, signal: str) -> bool:
        """Whether an endpoint is named, and the signal's exporter is not switched off."""
        exporters = [name.strip() for name in self.value(f"OTEL_{signal.upper()}_EXPORTER").lower().split(",")]
        return bool(self._of(signal, "ENDPOINT")[1]) and (exporters == [""] or "otlp" in exporters)

    def _headers(self, signal: str) -> list[tuple[str, str]]:
        name, text = self._of(signal, "HEADERS")
        found, bad = variables.headers(text)
        for place in bad:
            self.problems.append(f"{name}: pair {place} is left out, it is not a header as name=value")
        reserved = [key for key, _ in found if key.lower() in OWN_HEADERS]
        for key in reserved:
            self.problems.append(f"{name}: {key} is left out, the exporter sets it")
        return [(key, value) for key, value in found if key not in reserved]

    def _of(self, signal: str, option: str) -> tuple[str, str]:
        """Name and value of the variable that applies: the signal's own, else the general one."""
        own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_{option}"
        value = self.value(own)
        name = own if value else f"OTEL_EXPORTER_OTLP_{option}"
        return name, value or self.value(name)

    def _milliseconds(self, name: str, default: int) -> int:
        text = self.value(name)
        value = variables.milliseconds(text, 1, MAX_MS) if text else default
        if value is None:
            self.problems.append(f"{name} is not a whole number of milliseconds up to {MAX_MS}; it is {default}")
        return default if value is None else value
