"""The pages: their names, files and questions. The navigation, the links and the tests read this."""

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
    question: str
    ranged: bool = True
    """Its numbers are of the time range that is chosen in the sidebar."""

    @property
    def file(self) -> Path:
        folder = _FOLDER / self.key
        return folder / "page.py" if folder.is_dir() else folder.with_suffix(".py")

    @property
    def address(self) -> str:
        return self.key.replace("_", "-")


PAGES = {
    entry.key: entry
    for entry in (
        Entry("overview", "Overview", "monitoring", "Is it healthy, and if not, where do I look first?"),
        Entry("queue", "Queue", "stacked_inbox", "Is work arriving faster than it is done, and when is it drained?"),
        Entry("concurrency", "Concurrency", "stacks", "What limits throughput now?"),
        Entry("cold_starts", "Cold starts", "ac_unit", "How much latency and money do they cost?"),
        Entry("cost", "Cost", "payments", "What does one successful request cost, and where does it go?"),
        Entry("dead_letters", "Dead letters", "unsubscribe", "What died, why, and may it go back?"),
        Entry("audit", "Audit", "history_edu", "Who did what, when and why, and how did it end?", ranged=False),
    )
}
START = Entry("start", "Start", "play_circle", "What do you want to look at?")
