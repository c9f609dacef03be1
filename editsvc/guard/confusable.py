"""Letters of other scripts that are drawn like Latin ones in the usual fonts for code.

A selection from Unicode's ``confusables.txt`` (Unicode Technical Standard #39): letters with a shape of their own, of
which formulas are full, are not in it. Letters that Unicode takes for Latin ones in another dress (full width, bold,
script) are found by its compatibility decomposition.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PAIRS: Final = (
    # Cyrillic small and capital letters, then Greek ones
    (
        (
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d\u0475"
            "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae"
            "\u050c\u051a\u051c\u0474\u04c0"
            "\u03bf\u03bd\u03c1\u03f2\u03f3"
            "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
        ),
        "aeopcyxsijhldqwvABEKMHOPCTYXSIJYGQWVIovpcjABEZHIKMNOPTYX",
    ),
    # Latin letters of the phonetic alphabet
    ("\u0251\u0261", "ag"),
    # Armenian
    (
        "\u054d\u054f\u0555\u0561\u0563\u0566\u0570\u0578\u057c\u057d\u0581\u0584\u0585",
        "USOwqqhnnugfo",
    ),
    # Cherokee
    (
        (
            "\u13a0\u13a1\u13a2\u13a5\u13a9\u13aa\u13ab\u13ac\u13b3\u13b7\u13bb\u13bd"
            "\u13c0\u13c2\u13c3\u13cf\u13d2\u13d4\u13d5\u13d9\u13da\u13de\u13df\u13e2"
            "\u13e6\u13e7\u13f3\u13f4\uab75\uab81\uab83\uab93\uaba9\uabaa\uabaf"
        ),
        "DRTiYAJEWMHYGhZbRWSVSLCPKdGBirwzvsc",
    ),
    # Canadian Aboriginal
    (
        (
            "\u142f\u144c\u146d\u146f\u1472\u148d\u14aa\u1541\u157c\u157d\u1587\u15af"
            "\u15b4\u15c5\u15de\u15ea\u15f0\u15f7"
        ),
        "VUPdbJLxHxRbFADDMB",
    ),
    # Coptic
    (
        "\u2c85\u2c8e\u2c92\u2c94\u2c98\u2c9a\u2c9e\u2c9f\u2ca2\u2ca3\u2ca4\u2ca5\u2ca6\u2ca8\u2cac\u2cd0",
        "rHlKMNOoPpCcTYXL",
    ),
    # Tifinagh
    (
        "\u2d38\u2d39\u2d4f\u2d54\u2d55\u2d5d",
        "VElOQX",
    ),
    # Lisu
    (
        (
            "\ua4d0\ua4d1\ua4d2\ua4d3\ua4d4\ua4d6\ua4d7\ua4d9\ua4da\ua4dc\ua4dd\ua4df"
            "\ua4e0\ua4e1\ua4e2\ua4e3\ua4e6\ua4e7\ua4ea\ua4eb\ua4ec\ua4ee\ua4f0\ua4f2"
            "\ua4f3\ua4f4"
        ),
        "BPdDTGKJCZFMNLSRVHWXYAElOU",
    ),
    # Lycian
    (
        "\U00010282\U00010286\U00010287\U0001028a\U00010290\U00010292\U00010295\U00010296\U00010297",
        "BEFlXOPST",
    ),
    # Carian
    (
        "\U000102a0\U000102a1\U000102a2\U000102a5\U000102ab\U000102b0\U000102b1\U000102b2\U000102b4\U000102cf",
        "ABCFOMTYXH",
    ),
    # Old Italic
    (
        "\U00010301\U00010302\U00010309\U00010311\U00010315\U00010317",
        "BClMTX",
    ),
    # Deseret
    (
        "\U00010404\U00010415\U0001041b\U00010420\U0001042c\U0001043d\U00010448",
        "OCLSocs",
    ),
    # Osage
    (
        "\U000104b4\U000104c2\U000104ce\U000104ea\U000104f6",
        "ROUou",
    ),
    # Elbasan
    (
        "\U00010513\U00010516\U00010518\U0001051c\U0001051d\U00010525\U00010526\U00010527",
        "NOKCVFLX",
    ),
    # Warang Citi
    (
        (
            "\U000118a0\U000118a2\U000118a3\U000118a4\U000118a6\U000118a9\U000118ae\U000118b2\U000118b5\U000118b8\U000118bc\U000118c0"
            "\U000118c1\U000118c2\U000118c3\U000118c4\U000118c8\U000118d7\U000118d8\U000118dc"
        ),
        "VFLYEZELOUTvsFizoouy",
    ),
    # Miao
    (
        "\U00016f08\U00016f0a\U00016f16\U00016f28\U00016f35\U00016f3a\U00016f40\U00016f42\U00016f43",
        "VTLlRSAUY",
    ),
)
ALIKE: Final = str.maketrans("".join(letters for letters, _ in _PAIRS), "".join(latin for _, latin in _PAIRS))
"""Each letter that looks like a Latin one, and that one."""

# The blocks of those letters: runs of them are read as a whole, so that words which are plainly of that script pass.
OTHERS: Final = re.compile(
    "[\u0251\u0261\u0370-\u058f\u13a0-\u13ff\u1400-\u167f\u1c80-\u1c8f\u1f00-\u1fff\u2c80-\u2cff\u2d30-\u2d7f"
    "\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf\uff21-\uff3a\uff41-\uff5a"
    "\U00010280-\U000102df\U00010300-\U0001032f\U00010400-\U0001044f\U000104b0-\U0001052f\U000118a0-\U000118ff"
    "\U00016f00-\U00016f9f\U0001d400-\U0001d7cb]+"
)


def latin(letters: str) -> str:
    """The Latin letters that `letters` look like; those that look like none stay as they are."""
    if letters.isascii():
        return letters
    return "".join(letter if letter.isascii() else _latin(letter) for letter in letters)


def _latin(letter: str) -> str:
    alike = ALIKE.get(ord(letter))
    if alike is not None:
        return chr(alike)
    dress = unicodedata.normalize("NFKC", letter)
    return (
        dress if len(dress) == 1 and dress.isascii() and dress.isalpha() and OTHERS.match(letter) else letter
    )
