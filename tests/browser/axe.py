"""axe-core, run in an open page: what breaks WCAG 2.2 at level A or AA.

The script comes inside the package axe-playwright-python; nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from playwright.sync_api import Page

from tests.browser.chromium import wait_until, wait_until_unchanged

LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

EXCLUDED: dict[str, str] = {}
"""Selectors of Streamlit's own elements that cannot be changed from here, and why; what they break is counted apart."""

_SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_RUN = """async ([levels, excluded]) => {
  const {violations} = await axe.run(document, {
    runOnly: {type: 'tag', values: levels},
    rules: {'target-size': {enabled: true}},
    resultTypes: ['violations'],
  });
  return violations.flatMap(rule => rule.nodes.map(node => ({
    rule: rule.id,
    selector: node.target.join(' '),
    problem: [...node.any, ...node.all, ...node.none].map(check => check.message).join('; '),
    excluded: excluded.some(selector => document.querySelector(node.target.join(' '))?.closest(selector)),
  })));
}"""


_SCHEME = "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"


@dataclass(frozen=True)
class Violation:
    """One element that breaks one rule of axe-core, in the light or the dark scheme."""

    scheme: str
    rule: str
    selector: str
    problem: str
    excluded: bool


def violations(page: Page) -> list[Violation]:
    """What axe-core finds on the page as it stands, in light and then in dark."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(_SCRIPT)
    violations = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        wait_until(page, f"{_SCHEME} === '{scheme}'")  # Streamlit hears of it later, and only then do its colors change
        wait_until_unchanged(page)
        violations += [Violation(scheme, **each) for each in page.evaluate(_RUN, [LEVELS, list(EXCLUDED)])]
    return violations
