"""Colours that everyone can tell apart, on both backgrounds."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from dashboard import theme
from dashboard.charts import imports
from ops.insight.report_types import Level
from tests.dashboard.samples.cold_start_options import sample_imports

CONFIG = Path(theme.__file__).with_name(".streamlit") / "config.toml"
SCHEMES = {name: tomllib.loads(CONFIG.read_text())["theme"][name] for name in ("light", "dark")}
BACKGROUNDS = {name: scheme["backgroundColor"] for name, scheme in SCHEMES.items()}
TOGETHER = (
    ("visible", "in_flight", "delayed"),
    ("visible", "processed", "dead"),
    ("cold", "warm", "dead"),
    ("in_flight", "throttled"),
)
"""Meanings (of ``theme.SERIES``) that share a chart, and so must be distinct."""
# Machado, Oliveira and Fernandes (2009), severity 1.0: how a colour-blind eye sees linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
APART = 14.0
"""CIE76 distance: well above what is just noticed (about 2.3), for marks that lie apart on a page."""


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=list(BACKGROUNDS))
@pytest.mark.parametrize("colour", sorted({*theme.SERIES.values(), theme.NEUTRAL, theme.WARNING}))
def test_every_colour_reads_on_both_backgrounds(colour: str, background: str) -> None:
    assert contrast(colour, background) >= 3.0


@pytest.mark.parametrize("eye", BLINDNESS)
@pytest.mark.parametrize("together", TOGETHER, ids="+".join)
def test_what_shares_a_chart_stays_apart_for_every_eye(together: tuple[str, ...], eye: str) -> None:
    for one, other in itertools.combinations(together, 2):
        seen = [lab(BLINDNESS[eye] @ linear(theme.SERIES[name])) for name in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) >= APART, f"{one} and {other}"


def mixed(colour: str, other: str, share: float) -> str:
    """``share`` of the first colour and the rest of the other, as CSS's color-mix in srgb."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(one * share + two * (1 - share)):02x}" for one, two in pairs)


@pytest.mark.parametrize("scheme", BACKGROUNDS)
@pytest.mark.parametrize("colour", sorted({*theme.SERIES.values(), theme.NEUTRAL, theme.WARNING}))
def test_a_states_words_can_be_read_on_its_tint(colour: str, scheme: str) -> None:
    style = Path(theme.STYLE).read_text()
    word = re.search(r"--so-word: ([0-9]+)%;", style)
    assert word
    text = SCHEMES[scheme]["textColor"]
    ink = mixed(colour, text, int(word[1]) / 100)
    for share in {
        int(each) / 100 for each in re.findall(r"background: color-mix\(in srgb, var\(--c\) ([0-9]+)%", style)
    }:
        assert contrast(ink, mixed(colour, BACKGROUNDS[scheme], share)) >= 4.5


def test_the_page_colours_of_the_style_sheet_are_those_of_the_theme() -> None:
    assert f"--so-page: light-dark({BACKGROUNDS['light']}, {BACKGROUNDS['dark']});" in Path(theme.STYLE).read_text()


@pytest.mark.parametrize("scheme", BACKGROUNDS)
def test_a_primary_button_can_be_read_and_seen(scheme: str) -> None:
    """Streamlit writes on it in white."""
    button = SCHEMES[scheme]["primaryColor"]
    assert contrast("#ffffff", button) >= 4.5
    assert contrast(BACKGROUNDS[scheme], button) >= 3.0


def test_the_app_phones_no_one_and_stays_on_loopback() -> None:
    configured = tomllib.loads(CONFIG.read_text())
    assert configured["browser"]["gatherUsageStats"] is False
    assert configured["server"]["address"] == "127.0.0.1"
    assert configured["client"]["showErrorDetails"] == "none"
    assert "://" not in CONFIG.read_text() + Path(theme.STYLE).read_text(), "fonts and styles are local"


def test_the_stylesheets_own_colour_is_the_themes() -> None:
    """Where a row is drawn by Streamlit, no element of ours can carry the colour."""
    style = theme.STYLE.read_text()
    assert f"--so-dead: {theme.DEAD};" in style
    assert f"--so-danger: {theme.DANGER};" in style
    assert "--so-page: light-dark({light}, {dark});".format(**BACKGROUNDS) in style
    configured = tomllib.loads(CONFIG.read_text())["theme"]
    text = {name: configured[name]["textColor"] for name in ("light", "dark")}
    assert "--so-ink: light-dark({light}, {dark});".format(**text) in style


@pytest.mark.parametrize("scheme", list(BACKGROUNDS))
def test_a_button_that_deletes_reads_in_light_and_dark(scheme: str) -> None:
    """White on red; and red text, mixed with the page's, on the page (WCAG AA: 4.5 for text, 3 for the button)."""
    page = BACKGROUNDS[scheme]
    text = SCHEMES[scheme]["textColor"]
    assert contrast("#ffffff", theme.DANGER) >= 4.5
    assert contrast(page, theme.DANGER) >= 3.0
    assert "--so-danger-text: color-mix(in srgb, var(--so-danger) 60%, currentColor);" in theme.STYLE.read_text()
    parts = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (theme.DANGER, text)]
    mixed = "#" + "".join(f"{round(0.6 * red + 0.4 * ink):02x}" for red, ink in zip(*parts, strict=True))
    assert contrast(page, mixed) >= 4.5


def test_a_levels_class_alone_styles_nothing() -> None:
    """It stands beside a block's own class: a block of that name would draw every mark of the level as the block."""
    style = theme.STYLE.read_text()
    alone = [level for level in Level if re.search(rf"(?m)(?:^\s*|[,}}]\s*)\.so-{level.value}\b(?!-)", style)]
    assert not alone


@pytest.mark.parametrize("scheme", list(BACKGROUNDS))
def test_names_on_imports_can_be_read_in_light_and_dark(scheme: str) -> None:
    """The page shines through the modules; their names are in the color of its text, the outermost one too."""
    assert ".iciclelayer .slicetext text { fill: var(--so-ink) !important; }" in theme.STYLE.read_text()
    page, ink = BACKGROUNDS[scheme], SCHEMES[scheme]["textColor"]
    fills = set(imports.flame(sample_imports("")).data[0].marker["colors"])
    assert len(fills) == 3
    for fill in fills:
        *colour, share = (float(part) for part in re.findall(r"[\d.]+", fill))
        below = (int(page[i : i + 2], 16) for i in (1, 3, 5))
        seen = (round(share * over + (1 - share) * under) for over, under in zip(colour, below, strict=True))
        assert contrast("#" + "".join(f"{part:02x}" for part in seen), ink) >= 4.5
