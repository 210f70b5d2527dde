"""The colours can be told from their paper and from each other, by everybody."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from workbench.charts.style import DARK, HEAT_STEPS, LIGHT

Rgb = tuple[float, float, float]

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}


def linear(color: str) -> Rgb:
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return r, g, b


def luminance(color: str) -> float:
    r, g, b = linear(color)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: Rgb) -> Rgb:
    r, g, b = (max(0.0, part) for part in rgb)
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)  # noqa: E741
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def apart(a: str, b: str, deficiency: str) -> float:
    matrix = DEFICIENCIES[deficiency]
    seen = [
        oklab(tuple(sum(w * p for w, p in zip(row, linear(color), strict=True)) for row in matrix))  # type: ignore[arg-type]
        for color in (a, b)
    ]
    return sum((x - y) ** 2 for x, y in zip(*seen, strict=True)) ** 0.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(scheme: dict[str, str]) -> None:
    paper = scheme["paper"]
    assert contrast(scheme["ink"], paper) >= 12
    assert contrast(scheme["ink-2"], paper) >= 4.5
    assert contrast(scheme["axis"], paper) >= 3
    weak = {name: contrast(scheme[name], paper) for name in scheme if name.startswith("series")}
    assert min(weak.values()) >= 3, weak


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_series_stay_apart_for_every_eye(scheme: dict[str, str], deficiency: str) -> None:
    close = {
        (a, b): round(apart(scheme[f"series-{a}"], scheme[f"series-{b}"], deficiency), 3)
        for a, b in combinations(range(1, 9), 2)
    }
    assert min(close.values()) >= 0.05, close
    assert min(value for (_, b), value in close.items() if b <= 5) >= 0.074, close


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_heat_ramp_goes_steadily_away_from_the_paper(scheme: dict[str, str]) -> None:
    steps = [contrast(scheme[f"heat-{step}"], scheme["paper"]) for step in range(1, HEAT_STEPS + 1)]
    assert steps == sorted(steps)
    assert all(after / before >= 1.1 for before, after in pairwise(steps))


def test_light_and_dark_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()
