"""Every text colour reaches WCAG AA on every surface it may stand on, in every theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
Colour = tuple[float, float, float]
THEMES = ("dark-trader", "professional", "gold-minimal")
SURFACES = ("bg", "surface", "surface2")
WORDS = ("text", "muted", "primary", "up", "down", "warn", "info")
BADGES = ("muted", "up", "down", "warn", "info")
AA_TEXT = 4.5
AA_CONTROL = 3.0


def declared(selector: str) -> dict[str, str]:
    """Custom properties of the token rule whose selector list holds ``selector``."""
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    for names, body in re.findall(
        r"([^{}]+)\{([^}]*)\}", re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    ):
        if selector in [name.strip() for name in names.split(",")]:
            return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))
    raise AssertionError(f"no tokens for {selector}")


def tokens(theme: str, vision: str) -> dict[str, str]:
    """All tokens of a theme, with the colour-blind pair laid over them when asked."""
    rule = f'[data-theme="{theme}"]'
    over = declared(f'{rule}[data-vision="cb"]') if vision else {}
    return declared(":root") | declared(rule) | {"on-danger": "#ffffff"} | over


def rgb(value: str) -> Colour:
    return tuple(int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def tinted(colour: Colour, surface: Colour, share: float) -> Colour:
    red, green, blue = (c * share + s * (1 - share) for c, s in zip(colour, surface, strict=True))
    return red, green, blue


@pytest.mark.parametrize("vision", ["", "cb"])
@pytest.mark.parametrize("theme", THEMES)
def test_every_text_colour_reaches_aa_on_every_surface(theme: str, vision: str) -> None:
    found = tokens(theme, vision)
    weak = {
        (word, surface): round(ratio, 2)
        for word in WORDS
        for surface in SURFACES
        if (ratio := contrast(rgb(found[word]), rgb(found[surface]))) < AA_TEXT
    }
    assert not weak


@pytest.mark.parametrize("vision", ["", "cb"])
@pytest.mark.parametrize("theme", THEMES)
def test_every_badge_reaches_aa_on_its_own_tint(theme: str, vision: str) -> None:
    found = tokens(theme, vision)
    share = float(found["tint"].rstrip("%")) / 100
    weak = {
        (tone, surface): round(ratio, 2)
        for tone in BADGES
        for surface in SURFACES
        if (
            ratio := contrast(
                rgb(found[tone]), tinted(rgb(found[tone]), rgb(found[surface]), share)
            )
        )
        < AA_TEXT
    }
    assert not weak


@pytest.mark.parametrize("theme", THEMES)
def test_buttons_reach_aa_and_their_borders_can_be_seen(theme: str) -> None:
    found = tokens(theme, "")
    assert contrast(rgb(found["on-primary"]), rgb(found["primary"])) >= AA_TEXT
    assert contrast(rgb(found["on-danger"]), rgb(found["danger"])) >= AA_TEXT
    for surface in SURFACES:
        assert contrast(rgb(found["control"]), rgb(found[surface])) >= AA_CONTROL, surface
        assert contrast(rgb(found["focus"]), rgb(found[surface])) >= AA_CONTROL, surface


def test_the_formula_gives_the_two_known_ends_of_the_scale() -> None:
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.48, abs=0.01)
