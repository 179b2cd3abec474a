"""One meaning, one colour, on every page; and the few rules of style that Streamlit's theme has no setting for.

Every colour reads on the light and on the dark background (contrast of at least 3 : 1, as WCAG 2.2 §1.4.11 asks of graphics), and
those that share a chart stay apart for colour-blind eyes: tests/dashboard/test_theme.py holds both.
"""

from __future__ import annotations

from typing import Final

from ops.insight.reports import Level

VISIBLE: Final = "#2878c8"  # waiting in the queue, and what arrives
IN_FLIGHT: Final = "#3f9fb8"  # received, not yet done
DELAYED: Final = "#8a8f99"
DEAD: Final = "#d8552b"  # dead letters and what failed for good
SUCCESS: Final = "#23946b"  # done
THROTTLED: Final = "#b8558c"
COLD: Final = "#8168d8"
WARM: Final = "#8a8f99"
NEUTRAL: Final = "#7d8694"  # limits, thresholds, totals, what has no meaning of its own
WATCH: Final = "#b67a00"

SERIES: Final = {
    "visible": VISIBLE,
    "in_flight": IN_FLIGHT,
    "delayed": DELAYED,
    "dead": DEAD,
    "success": SUCCESS,
    "throttled": THROTTLED,
    "cold": COLD,
    "warm": WARM,
}
TOGETHER: Final = (
    ("visible", "in_flight", "delayed"),
    ("visible", "success", "dead"),
    ("cold", "warm", "dead"),
    ("in_flight", "throttled"),
)
"""Meanings that are drawn in one chart, and so must stay apart."""

CARD: Final = {
    "depth": VISIBLE,
    "age": VISIBLE,
    "concurrency": IN_FLIGHT,
    "cold_share": COLD,
    "cost": NEUTRAL,
    "dead": DEAD,
}

LEVEL: Final = {
    Level.OK: (SUCCESS, "check_circle", "Fine"),
    Level.WATCH: (WATCH, "visibility", "Watch"),
    Level.ACT: (DEAD, "error", "Act"),
    Level.UNKNOWN: (NEUTRAL, "help", "Unknown"),
}
"""Colour, Material symbol and word of each level: never told by colour alone."""

BACKGROUNDS: Final = {"light": "#ffffff", "dark": "#0f141b"}
"""As in .streamlit/config.toml; a test holds them together."""

_LINE = "color-mix(in srgb, currentColor 14%, transparent)"
_QUIET = "color-mix(in srgb, currentColor 68%, transparent)"

CSS: Final = f"""
<style>
/* Refreshing must not blink: what is shown stays as it is until the new values are there. */
[data-stale="true"] {{ opacity: 1 !important; transition: none !important; }}
[data-testid="stStatusWidget"] {{ opacity: .55; }}
[data-testid="stMainBlockContainer"] {{ max-width: 1400px; padding-bottom: 3rem; }}
[data-testid="stMainBlockContainer"], [data-testid="stSidebar"] {{ font-variant-numeric: tabular-nums; }}

.so-head {{ display: flex; align-items: baseline; gap: .9rem; flex-wrap: wrap; }}
.so-head h1 {{ font-size: 1.6rem; padding: 0; margin: 0; font-weight: 650; letter-spacing: -.015em; }}
.so-head p {{ margin: 0; color: {_QUIET}; font-size: 1rem; }}
.so-finding {{ display: flex; gap: .7rem; align-items: baseline; padding: .6rem .9rem .65rem; border-radius: .375rem;
  border-left: 4px solid var(--c); background: color-mix(in srgb, var(--c) 9%, transparent); }}
.so-finding b {{ flex: none; font-weight: 650; color: color-mix(in srgb, var(--c) 80%, currentColor); }}
.so-finding span {{ font-size: 1.1rem; line-height: 1.4; font-weight: 500; overflow-wrap: anywhere; }}
.so-quiet {{ color: {_QUIET}; font-size: .85rem; }}

.so-stats {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .2rem 1.5rem;
  padding: .2rem 0 .4rem; }}
.so-stat {{ padding: .1rem 0 .2rem .8rem; border-left: 2px solid {_LINE}; min-width: 0; }}
.so-stat.so-marked {{ border-left-color: var(--c); }}
.so-label {{ font-size: .84rem; color: {_QUIET}; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.so-value {{ font-size: 1.5rem; line-height: 1.35; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }}
.so-value small {{ font-size: .85rem; font-weight: 400; letter-spacing: 0; color: {_QUIET}; margin-left: .3rem; }}
.so-note {{ font-size: .8rem; line-height: 1.3; color: {_QUIET}; overflow-wrap: anywhere; }}

[class*="st-key-card-"] {{ position: relative; transition: border-color .12s; }}
[class*="st-key-card-"]:hover {{ border-color: color-mix(in srgb, currentColor 35%, transparent); }}
[class*="st-key-card-"] [data-testid="stPageLink"] {{ position: absolute; inset: 0; }}
[class*="st-key-card-"] [data-testid="stPageLink"] a {{ position: absolute; inset: 0; width: 100%; background: none;
  opacity: 0; }}
[class*="st-key-card-"] [data-testid="stPageLink"] a:focus-visible {{ opacity: 1; color: transparent; }}
.so-card {{ display: grid; grid-template-columns: minmax(8rem, 1fr) minmax(0, 1.15fr); gap: 0 .8rem; align-items: end;
  min-height: 5.6rem; }}
.so-card .so-label {{ grid-column: 1 / -1; align-self: start; display: flex; gap: .45rem; align-items: center; }}
.so-card .so-note {{ min-height: 1.3em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.so-card img {{ width: 100%; height: 3rem; display: block; }}
.so-dot {{ width: .55rem; height: .55rem; border-radius: 50%; background: var(--c); flex: none; }}
.so-dot.so-act, .so-dot.so-watch {{ border-radius: 1px; transform: rotate(45deg); }}

.so-path {{ display: grid; grid-template-columns: auto minmax(4rem, 1fr) auto minmax(4rem, 1fr) auto minmax(4rem, 1fr) auto;
  align-items: center; font-size: .9rem; }}
.so-node {{ border: 1px solid {_LINE}; border-top: 3px solid var(--c); border-radius: .375rem; padding: .5rem .8rem .55rem;
  min-width: 7.6rem; }}
.so-node b {{ display: block; font-weight: 600; }}
.so-node i {{ display: block; font-style: normal; font-size: 1.05rem; font-weight: 600; }}
.so-node span {{ font-size: .8rem; color: {_QUIET}; }}
.so-flow {{ position: relative; text-align: center; padding: 0 .5rem 1.2em; line-height: 1.2; }}
.so-flow b {{ font-weight: 600; display: block; padding-bottom: .35rem; }}
.so-flow::before {{ content: ""; position: absolute; left: 0; right: 7px; bottom: 1.2em; border-top: 2px solid var(--c); }}
.so-flow::after {{ content: ""; position: absolute; right: 0; bottom: calc(1.2em - 5px); border: 6px solid transparent;
  border-right-width: 0; border-left: 8px solid var(--c); }}
.so-flow span {{ position: absolute; left: 0; right: 0; bottom: 0; font-size: .78rem; color: {_QUIET}; }}
.so-flow.so-idle::before {{ border-top-style: dashed; opacity: .55; }}
.so-down {{ grid-column: 5 / 6; position: relative; height: 3.1rem; margin-left: 1.6rem; padding: .85rem 0 0 1rem; white-space: nowrap; }}
.so-down::before {{ content: ""; position: absolute; left: 0; top: 0; bottom: 7px; border-left: 2px solid var(--c); }}
.so-down::after {{ content: ""; position: absolute; left: -5px; bottom: 0; border: 6px solid transparent; border-bottom-width: 0;
  border-top: 8px solid var(--c); }}
.so-down.so-idle::before {{ border-left-style: dashed; opacity: .55; }}
.so-down span {{ font-size: .78rem; color: {_QUIET}; margin-left: .35rem; }}
.so-grave {{ grid-column: 5 / 8; display: flex; }}
@media (max-width: 900px) {{
  .so-path {{ grid-template-columns: 1fr; justify-items: stretch; max-width: 26rem; }}
  .so-flow, .so-down {{ grid-column: 1; height: 2.9rem; margin-left: 1.6rem; padding: .75rem 0 0 1rem; text-align: left; white-space: nowrap; }}
  .so-flow b {{ display: inline; padding: 0; }} .so-flow span {{ position: static; margin-left: .35rem; }}
  .so-flow::before {{ right: auto; left: 0; top: 0; bottom: 7px; border-top: 0; border-left: 2px solid var(--c); }}
  .so-flow::after {{ left: -5px; right: auto; bottom: 0; border: 6px solid transparent; border-bottom-width: 0; border-top: 8px solid var(--c); }}
  .so-grave {{ grid-column: 1; }}
}}

.so-alarm {{ display: grid; grid-template-columns: 1.2rem minmax(10rem, 1fr) minmax(0, 2.6fr) auto; gap: .2rem .8rem; padding: .45rem 0;
  border-top: 1px solid {_LINE}; align-items: baseline; }}
.so-alarm:first-child {{ border-top: 0; }}
.so-alarm code {{ font-size: .82rem; background: none; padding: 0; color: inherit; }}
.so-facts {{ display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem; margin: 0; font-size: .9rem; }}
.so-facts dt {{ color: {_QUIET}; font-weight: 400; }} .so-facts dd {{ margin: 0; overflow-wrap: anywhere; }}
.so-empty {{ border: 1px dashed {_LINE}; border-radius: .375rem; padding: 1.1rem 1.2rem; }}
.so-empty b {{ font-weight: 600; display: block; margin-bottom: .15rem; }}
@media (prefers-reduced-motion: reduce) {{ * {{ transition: none !important; animation: none !important; }} }}
</style>
"""
