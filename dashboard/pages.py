"""The pages: their titles, subtitles and files. The navigation, the links and the tests read this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "app_pages"


@dataclass(frozen=True)
class Entry:
    """One page. ``icon`` is the name of a Material symbol."""

    key: str
    title: str
    icon: str
    subtitle: str
    ranged: bool = True
    """Whether its numbers are for the time range selected in the sidebar."""
    comparable: bool = False
    """Whether its charts can draw an earlier range behind the selected one."""

    @property
    def file(self) -> Path:
        folder = _FOLDER / self.key
        return folder / "page.py" if folder.is_dir() else folder.with_suffix(".py")

    @property
    def address(self) -> str:
        return self.key.replace("_", "-")


SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Status": (
        Entry("overview", "Overview", "monitoring", "Health at a glance", comparable=True),
        Entry("alarms", "Alarms", "notifications_active", "State, notifications and rehearsal"),
        Entry("queue", "Queue", "stacked_inbox", "Backlog and throughput", comparable=True),
        Entry("concurrency", "Concurrency", "stacks", "Usage, limits and throttles", comparable=True),
        Entry("forecast", "Forecast", "schedule", "When the backlog is drained, and what would change it"),
    ),
    "Diagnosis": (
        Entry("failures", "Failures", "heart_broken", "Errors, latency and memory", comparable=True),
        Entry("cold_starts", "Cold starts", "ac_unit", "Latency and cost impact"),
        Entry(
            "trace",
            "Trace",
            "account_tree",
            "One job's path, from its sending to its result",
            ranged=False,
        ),
    ),
    "Response": (
        Entry("dead_letters", "Dead letters", "unsubscribe", "Failed messages, causes and redrive"),
        Entry("runbooks", "Runbooks", "menu_book", "What to do, step by step", ranged=False),
        Entry(
            "audit",
            "Audit",
            "history_edu",
            "Redrives, purges and runbooks: who, when and why",
            ranged=False,
        ),
    ),
    "Cost and sizing": (
        Entry("cost", "Cost", "payments", "Cost per successful job, by component"),
        Entry(
            "rightsize", "Right-sizing", "straighten", "Memory and batch size, measured with real jobs", ranged=False
        ),
        Entry("compare", "Compare", "compare_arrows", "Synchronous against event-driven, measured", ranged=False),
    ),
}
"""The navigation, by what is asked: is it healthy and keeping up, why not, what is done about it, what it costs."""
PAGES = {entry.key: entry for entries in SECTIONS.values() for entry in entries}
START = Entry("start", "Start", "play_circle", "Choose a workload", ranged=False)
