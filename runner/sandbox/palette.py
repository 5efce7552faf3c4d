"""Palettes for the pictures behind a prompt: which colours and which silhouettes suit its words."""

import re
from dataclasses import dataclass
from typing import Final

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one hour and place."""

    sky: tuple[Colour, Colour, Colour]  # from the top down to the horizon
    light: Colour  # sun or moon
    land: tuple[Colour, Colour, Colour]  # from far to near
    accent: Colour
    stars: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """What a picture is made of: colours, and a silhouette known to `scenery` by name."""

    palette: Palette
    silhouette: str


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: 0 gives the one, 1 the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def mood_of(prompt: str, seed: int) -> Mood:
    """The mood of a prompt: by its words where they say one, else by its seed."""
    palette = _first_said(prompt, _HOURS) or tuple(_PALETTES)[seed % len(_PALETTES)]
    silhouette = _first_said(prompt, _PLACES) or _OPEN_LAND[seed // 97 % len(_OPEN_LAND)]
    return Mood(palette=_PALETTES[palette], silhouette=silhouette)


def _first_said(prompt: str, lexicon: dict[str, str]) -> str | None:
    """The entry whose words stand first in the prompt."""
    places = {name: found.start() for name, words in lexicon.items() if (found := _search(words, prompt))}
    return min(places, key=lambda name: places[name], default=None)


def _search(words: str, prompt: str) -> re.Match[str] | None:
    stems = (rf"\b{word}(?:s|es|y)?\b" if word.isascii() else word for word in words.split())
    return re.search("|".join(stems), prompt, re.IGNORECASE)


def _colour(code: str) -> Colour:
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


def _palette(sky: str, light: str, land: str, accent: str, *, stars: bool = False) -> Palette:
    top, middle, low = map(_colour, sky.split())
    far, midst, near = map(_colour, land.split())
    return Palette(
        sky=(top, middle, low), light=_colour(light), land=(far, midst, near), accent=_colour(accent), stars=stars
    )


_PALETTES: Final = {
    "dawn": _palette("3d4a7a c58a96 f7cfa8", "fff1d6", "ab7c8c 725873 3c3455", "ffcb98"),
    "dusk": _palette("2c2755 a94b6e f5a066", "ffdca8", "8d4468 562d57 28193b", "ffb27a"),
    "night": _palette("070d1f 14274d 3a5c8a", "f4f0dc", "2a4873 182e54 0b1732", "9cc0ff", stars=True),
    "neon": _palette("0d0b22 33215c 8f3f7f", "ffe0f2", "412a68 281b4a 120e2a", "ff93cc", stars=True),
    "mist": _palette("86aea8 bdd4c0 f2eed2", "fffce8", "8cab99 527b6c 22463f", "dcebae"),
    "day": _palette("3f83ad 93c3da eaf2ee", "ffffff", "7aaac0 447a98 1e4c69", "ffe4a8"),
    "winter": _palette("8a9dba c6d2e2 f5f2f3", "fffaf2", "aab9cd 788ba8 475a78", "ffd5c8"),
    "desert": _palette("5f8298 e0bb94 f9e4c2", "fff6de", "d29e75 a86b50 693b39", "ffd391"),
    "storm": _palette("20252f 4a4c5a 9c8076", "ffd9b0", "565060 393642 1c1b26", "ffb083"),
}

# The words are stems: an s, es or y may follow. The others stand for Chinese and Japanese.
_HOURS: Final = {
    "dusk": "sunset dusk evening golden twilight 日落 夕阳 黄昏 傍晚",
    "dawn": "sunrise dawn morning pastel 日出 清晨 早晨 黎明 晨",
    "neon": "neon cyberpunk nightclub 霓虹 赛博",
    "night": "night midnight moon moonlight moonlit star starlit 夜 月 星",
    "winter": "snow winter ice icy frost glacier 雪 冬 冰",
    "desert": "desert sand dune savanna canyon 沙漠 沙丘",
    "mist": "fog foggy mist forest jungle garden meadow 雾 森林 竹 茶",
    "storm": "storm rain thunder volcano fire smoke 雨 风暴 雷",
    "day": "noon daylight sunny sunlight summer 晴 夏 蓝天",
}

_PLACES: Final = {
    "city": "city street alley skyline downtown building rooftop neon traffic tokyo town 城 街 巷 楼",
    "waves": "sea ocean beach wave harbour harbor lighthouse boat ship coast island lake river 海 湖 江 河 浪 船 灯塔",
    "pines": "forest wood pine tree jungle cabin deer bear bamboo 森林 树 竹 林",
    "peaks": "mountain peak alp cliff glacier volcano 山 峰",
    "dunes": "desert dune sand savanna 沙漠 沙丘",
    "hills": "hill field meadow farm village valley garden 田 村 谷 草",
}

_OPEN_LAND: Final = ("hills", "peaks", "pines", "waves", "dunes")
