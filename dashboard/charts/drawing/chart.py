"""A chart in Plotly's terms, as plain data. Plotly's own classes check each setting as it is made, which takes 30 ms per
chart and was most of a page's refresh: here the tests check what the charts set (``test_charts_are_valid``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Settings(dict[str, Any]):
    """Settings by name, also as attributes: ``layout.xaxis.range`` is None where it is not set."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what libraries ask an object for
            raise AttributeError(name)
        return self.get(name)

    def merge(self, more: Mapping[str, Any]) -> None:
        """Settings within settings are merged; None removes one."""
        for name, value in more.items():
            if value is None:
                self.pop(name, None)
            elif isinstance(value, Mapping):
                inner = self.get(name)
                if not isinstance(inner, Settings):
                    inner = self[name] = Settings()
                inner.merge(value)
            else:
                self[name] = _plain(value)


class Chart:
    """``data``: its traces; ``layout``: everything else. Both as in Plotly's reference."""

    def __init__(self, layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]] = ()) -> None:
        self.data: list[Settings] = []
        self.layout = Settings()
        self.layout.merge(layout)
        for trace in traces:
            self.data.append(_settings(trace))

    def add_scatter(self, **trace: Any) -> None:
        self.data.append(_settings({"type": "scatter", **trace}))

    def add_scattergl(self, **trace: Any) -> None:
        self.data.append(_settings({"type": "scattergl", **trace}))

    def add_bar(self, **trace: Any) -> None:
        self.data.append(_settings({"type": "bar", **trace}))

    def add_heatmap(self, **trace: Any) -> None:
        self.data.append(_settings({"type": "heatmap", **trace}))

    def add_icicle(self, **trace: Any) -> None:
        self.data.append(_settings({"type": "icicle", **trace}))

    def add_hline(self, y: float, **style: Any) -> None:
        """Across the whole plot."""
        self.add_shape(type="line", xref="x domain", x0=0, x1=1, yref="y", y0=y, y1=y, **style)

    def add_vline(self, x: float, **style: Any) -> None:
        """Adds a vertical line over the height of the plot."""
        self.add_shape(type="line", yref="y domain", y0=0, y1=1, xref="x", x0=x, x1=x, **style)

    def add_shape(self, **shape: Any) -> None:
        self.layout.setdefault("shapes", []).append(_settings(shape))

    def update_layout(self, **more: Any) -> None:
        self.layout.merge(more)

    def update_xaxes(self, **more: Any) -> None:
        self._update_axes("xaxis", more)

    def update_yaxes(self, **more: Any) -> None:
        self._update_axes("yaxis", more)

    def _update_axes(self, kind: str, more: Mapping[str, Any]) -> None:
        for name, axis in self.layout.items():
            if name.startswith(kind):
                axis.merge(more)

    def update_trace(self, name: str, **more: Any) -> None:
        """The trace with this name."""
        next(trace for trace in self.data if trace.name == name).merge(more)

    def figure(self) -> go.Figure:
        """For Streamlit, which would check a dictionary as Plotly does.

        Streamlit's template is empty: the browser fills it in, and 7 kB per chart need not be sent. With ``datarevision``
        the browser need not compare the data when Streamlit hands it the same chart twice, as it does with each new one.
        """
        import plotly.graph_objects as go

        layout = {**self.layout, "template": {}, "datarevision": 0}
        return go.Figure({"data": self.data, "layout": layout}, _validate=False)


def _settings(values: Mapping[str, Any]) -> Settings:
    settings = Settings()
    settings.merge(values)
    return settings


def _plain(value: Any) -> Any:
    """A column as an array, which Plotly's encoder packs; dictionaries in a list as settings."""
    if isinstance(value, pd.Series | pd.Index):
        return value.to_numpy()
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return [_settings(item) for item in value]
    return value
