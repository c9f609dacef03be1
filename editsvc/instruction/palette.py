"""Colours as CSS writes them: names, hexadecimal, and functions of numbers (CSS Color Module Level 4)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Callable

Colour = tuple[int, int, int, int]
"""Red, green, blue and alpha, 0 to 255."""

_NAMES: Final = {
    "aliceblue": "f0f8ff",
    "antiquewhite": "faebd7",
    "aqua": "00ffff",
    "aquamarine": "7fffd4",
    "azure": "f0ffff",
    "beige": "f5f5dc",
    "bisque": "ffe4c4",
    "black": "000000",
    "blanchedalmond": "ffebcd",
    "blue": "0000ff",
    "blueviolet": "8a2be2",
    "brown": "a52a2a",
    "burlywood": "deb887",
    "cadetblue": "5f9ea0",
    "chartreuse": "7fff00",
    "chocolate": "d2691e",
    "coral": "ff7f50",
    "cornflowerblue": "6495ed",
    "cornsilk": "fff8dc",
    "crimson": "dc143c",
    "cyan": "00ffff",
    "darkblue": "00008b",
    "darkcyan": "008b8b",
    "darkgoldenrod": "b8860b",
    "darkgray": "a9a9a9",
    "darkgreen": "006400",
    "darkgrey": "a9a9a9",
    "darkkhaki": "bdb76b",
    "darkmagenta": "8b008b",
    "darkolivegreen": "556b2f",
    "darkorange": "ff8c00",
    "darkorchid": "9932cc",
    "darkred": "8b0000",
    "darksalmon": "e9967a",
    "darkseagreen": "8fbc8f",
    "darkslateblue": "483d8b",
    "darkslategray": "2f4f4f",
    "darkslategrey": "2f4f4f",
    "darkturquoise": "00ced1",
    "darkviolet": "9400d3",
    "deeppink": "ff1493",
    "deepskyblue": "00bfff",
    "dimgray": "696969",
    "dimgrey": "696969",
    "dodgerblue": "1e90ff",
    "firebrick": "b22222",
    "floralwhite": "fffaf0",
    "forestgreen": "228b22",
    "fuchsia": "ff00ff",
    "gainsboro": "dcdcdc",
    "ghostwhite": "f8f8ff",
    "gold": "ffd700",
    "goldenrod": "daa520",
    "gray": "808080",
    "green": "008000",
    "greenyellow": "adff2f",
    "grey": "808080",
    "honeydew": "f0fff0",
    "hotpink": "ff69b4",
    "indianred": "cd5c5c",
    "indigo": "4b0082",
    "ivory": "fffff0",
    "khaki": "f0e68c",
    "lavender": "e6e6fa",
    "lavenderblush": "fff0f5",
    "lawngreen": "7cfc00",
    "lemonchiffon": "fffacd",
    "lightblue": "add8e6",
    "lightcoral": "f08080",
    "lightcyan": "e0ffff",
    "lightgoldenrodyellow": "fafad2",
    "lightgray": "d3d3d3",
    "lightgreen": "90ee90",
    "lightgrey": "d3d3d3",
    "lightpink": "ffb6c1",
    "lightsalmon": "ffa07a",
    "lightseagreen": "20b2aa",
    "lightskyblue": "87cefa",
    "lightslategray": "778899",
    "lightslategrey": "778899",
    "lightsteelblue": "b0c4de",
    "lightyellow": "ffffe0",
    "lime": "00ff00",
    "limegreen": "32cd32",
    "linen": "faf0e6",
    "magenta": "ff00ff",
    "maroon": "800000",
    "mediumaquamarine": "66cdaa",
    "mediumblue": "0000cd",
    "mediumorchid": "ba55d3",
    "mediumpurple": "9370db",
    "mediumseagreen": "3cb371",
    "mediumslateblue": "7b68ee",
    "mediumspringgreen": "00fa9a",
    "mediumturquoise": "48d1cc",
    "mediumvioletred": "c71585",
    "midnightblue": "191970",
    "mintcream": "f5fffa",
    "mistyrose": "ffe4e1",
    "moccasin": "ffe4b5",
    "navajowhite": "ffdead",
    "navy": "000080",
    "oldlace": "fdf5e6",
    "olive": "808000",
    "olivedrab": "6b8e23",
    "orange": "ffa500",
    "orangered": "ff4500",
    "orchid": "da70d6",
    "palegoldenrod": "eee8aa",
    "palegreen": "98fb98",
    "paleturquoise": "afeeee",
    "palevioletred": "db7093",
    "papayawhip": "ffefd5",
    "peachpuff": "ffdab9",
    "peru": "cd853f",
    "pink": "ffc0cb",
    "plum": "dda0dd",
    "powderblue": "b0e0e6",
    "purple": "800080",
    "rebeccapurple": "663399",
    "red": "ff0000",
    "rosybrown": "bc8f8f",
    "royalblue": "4169e1",
    "saddlebrown": "8b4513",
    "salmon": "fa8072",
    "sandybrown": "f4a460",
    "seagreen": "2e8b57",
    "seashell": "fff5ee",
    "sienna": "a0522d",
    "silver": "c0c0c0",
    "skyblue": "87ceeb",
    "slateblue": "6a5acd",
    "slategray": "708090",
    "slategrey": "708090",
    "snow": "fffafa",
    "springgreen": "00ff7f",
    "steelblue": "4682b4",
    "tan": "d2b48c",
    "teal": "008080",
    "thistle": "d8bfd8",
    "tomato": "ff6347",
    "transparent": "00000000",
    "turquoise": "40e0d0",
    "violet": "ee82ee",
    "wheat": "f5deb3",
    "white": "ffffff",
    "whitesmoke": "f5f5f5",
    "yellow": "ffff00",
    "yellowgreen": "9acd32",
}
_HEX: Final = late.pattern(r"[0-9a-f]+")
_FUNCTION: Final = late.pattern(r"(?P<name>rgba?|hsla?|hwb|lab|lch|oklab|oklch)\((?P<arguments>[^()]*)\)")
_ARGUMENTS: Final = late.pattern(
    r"\s*(?P<a>{0})(?:\s*,\s*(?P<b>{0})\s*,\s*(?P<c>{0})(?:\s*,\s*(?P<alpha>{0}))?"
    r"|\s+(?P<b2>{0})\s+(?P<c2>{0})(?:\s*/\s*(?P<alpha2>{0}))?)\s*".format(
        r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:%|deg|grad|rad|turn)?|none"
    )
)
_COMMENT: Final = late.pattern(r"/\*.*?\*/", re.DOTALL)
_COMPUTED: Final = late.pattern(r"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|device-cmyk)\(", re.IGNORECASE)
_DEGREES: Final = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0}


def colour(text: str) -> Colour | None:
    """The colour that `text` spells, case ignored; None if it spells none, or one that is computed elsewhere."""
    lower = _COMMENT.sub(" ", text).strip().lower()
    if lower in _NAMES:
        return _from_hex(_NAMES[lower])
    if lower.startswith("#"):
        return _from_hex(lower[1:])
    function = _FUNCTION.fullmatch(lower)
    match = _ARGUMENTS.fullmatch(function["arguments"]) if function is not None else None
    if function is None or match is None:
        return None
    channels = match["a"], match["b"] or match["b2"], match["c"] or match["c2"]
    try:
        red, green, blue = _CONVERSIONS[function["name"]](*channels)
        alpha = _number(match["alpha"] or match["alpha2"] or "1", 1)
    except ValueError:
        return None  # an angle where a number belongs
    return _byte(red), _byte(green), _byte(blue), _byte(alpha)


def is_colour(text: str) -> bool:
    """True if `text` is a name, hexadecimal notation or a function of CSS that is a colour."""
    return colour(text) is not None


def may_be_colour(text: str) -> bool:
    """True if `text` is a colour of CSS whose value is not known here: it is computed, or of another colour space."""
    return colour(text) is None and _COMPUTED.match(text.strip()) is not None


def _from_hex(digits: str) -> Colour | None:
    if not _HEX.fullmatch(digits):
        return None
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) not in (6, 8):
        return None
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, alpha


def _byte(share: float) -> int:
    return round(255 * min(max(share, 0), 1))


def _number(text: str, full: float) -> float:
    """A number, of which `full` is 100 %, as a share of that."""
    if text == "none":
        return 0.0
    return float(text[:-1]) / 100 if text.endswith("%") else float(text) / full


def _angle(text: str) -> float:
    """An angle in degrees, 0 up to 360."""
    unit = next((unit for unit in _DEGREES if text.endswith(unit)), "")
    return 0.0 if text == "none" else float(text.removesuffix(unit)) * _DEGREES.get(unit, 1.0) % 360


def _rgb(red: str, green: str, blue: str) -> tuple[float, float, float]:
    return _number(red, 255), _number(green, 255), _number(blue, 255)


def _hsl(hue: str, saturation: str, lightness: str) -> tuple[float, float, float]:
    strength, light = min(max(_number(saturation, 100), 0), 1), _number(lightness, 100)

    def channel(shift: int) -> float:
        position = (shift + _angle(hue) / 30) % 12
        return light - strength * min(light, 1 - light) * max(-1, min(position - 3, 9 - position, 1))

    return channel(0), channel(8), channel(4)


def _hwb(hue: str, white: str, black: str) -> tuple[float, float, float]:
    light, dark = _number(white, 100), _number(black, 100)
    if light + dark >= 1:
        return (light / (light + dark),) * 3
    red, green, blue = (part * (1 - light - dark) + light for part in _hsl(hue, "100%", "50%"))
    return red, green, blue


def _gamma(linear: float) -> float:
    """A channel of sRGB from light."""
    size = abs(linear)
    curved = 1.055 * size ** (1 / 2.4) - 0.055 if size > 0.0031308 else 12.92 * size  # noqa: PLR2004 - sRGB's own
    return math.copysign(curved, linear)


def _oklab(lightness: str, a: str, b: str) -> tuple[float, float, float]:
    return _from_oklab(_number(lightness, 1), _number(a, 0.4) * 0.4, _number(b, 0.4) * 0.4)


def _oklch(lightness: str, chroma: str, hue: str) -> tuple[float, float, float]:
    size, angle = _number(chroma, 0.4) * 0.4, math.radians(_angle(hue))
    return _from_oklab(_number(lightness, 1), size * math.cos(angle), size * math.sin(angle))


def _from_oklab(light: float, a: float, b: float) -> tuple[float, float, float]:
    # https://bottosson.github.io/posts/oklab/
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _lab(lightness: str, a: str, b: str) -> tuple[float, float, float]:
    return _from_lab(_number(lightness, 100) * 100, _number(a, 125) * 125, _number(b, 125) * 125)


def _lch(lightness: str, chroma: str, hue: str) -> tuple[float, float, float]:
    size, angle = _number(chroma, 150) * 150, math.radians(_angle(hue))
    return _from_lab(_number(lightness, 100) * 100, size * math.cos(angle), size * math.sin(angle))


def _from_lab(light: float, a: float, b: float) -> tuple[float, float, float]:
    # CSS Color Module Level 4, "Sample code": CIE Lab to XYZ under D50, adapted to D65, to linear sRGB.
    y = (light + 16) / 116

    def share(value: float) -> float:
        return value**3 if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29)

    x50, y50, z50 = share(y + a / 500) * 0.96429568, share(y), share(y - b / 200) * 0.82510460
    x = 0.9554734214 * x50 - 0.0230985 * y50 + 0.0632593 * z50
    y65 = -0.0283697 * x50 + 1.0099956 * y50 + 0.0210414 * z50
    z = 0.0123140 * x50 - 0.0205077 * y50 + 1.3303659 * z50
    return (
        _gamma(3.2409699419 * x - 1.5373831776 * y65 - 0.4986107603 * z),
        _gamma(-0.9692436363 * x + 1.8759675015 * y65 + 0.0415550574 * z),
        _gamma(0.0556300797 * x - 0.2039769589 * y65 + 1.0569715142 * z),
    )


_CONVERSIONS: Final[dict[str, Callable[[str, str, str], tuple[float, float, float]]]] = {
    "rgb": _rgb,
    "rgba": _rgb,
    "hsl": _hsl,
    "hsla": _hsl,
    "hwb": _hwb,
    "lab": _lab,
    "lch": _lch,
    "oklab": _oklab,
    "oklch": _oklch,
}
