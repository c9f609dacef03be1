"""Whether an instruction speaks of the dress of lines: quotes, accents, white space, in several human languages.

What it speaks of is left as the reply has it. A word too many here costs a restored line, and a word too few an edit
that was meant; so stems are short, and languages are many.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.guard.fold import Dress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.instruction.intent import Intent

TYPOGRAPHY: Final = frozenset(
    {
        Dress.NORMAL_FORM,
        Dress.QUOTES,
        Dress.DASHES,
        Dress.SIGNS,
        Dress.ACCENTS,
        Dress.INVISIBLE,
        Dress.SPACES,
        Dress.ENTITIES,
        Dress.ESCAPES,
        Dress.BACKSLASHES,
        Dress.HEX_CASE,
        Dress.NUMBERS,
        Dress.LETTERS,
        Dress.ENCODING,
    }
)
"""Dresses of characters, which people change because they mean it, and seldom beside something else."""
STYLE: Final = frozenset(Dress) - TYPOGRAPHY
"""Dresses that formatters and editors change too, so that commits have them beside other edits."""
_TASTE: Final = STYLE - {Dress.INDENTATION, Dress.TABS}  # what a rewritten line may well have otherwise

# Stems of words, as regular expressions between blanks.
_TYPOGRAPHY: Final = r"typogra \bascii\b unicode \bsmart curly punctuation типограф 排版"
_FORMATTING: Final = (
    r"format prettier \bblack\b \bruff\b lint clippy stylua rustfmt gofmt rubocop editorconfig \bpep\s?8 \bstyle[(:] "
    r"stylis styl\w+\s(?:guide|fix) restyl (?:\bcod\w+|synopsis)\sstyle white\s?space \bclean \btid(?:y|ied) consisten "
    r"cosmetic polish standard pretty beautif layout minif readab aufräum einheitlich leerraum estil nettoy limpi "
    r"формат стил 格式 风格 整形 フォーマット スタイル"
)
_QUOTES: Final = (
    r"quot apostroph guillemet anführung hochkomma gänsefü comilla virgolett кавыч апостроф "
    r"引号 引用符 クォート カギ"
)
_ESCAPES: Final = (
    r"escap \bencod unicode \bascii\b backslash slashes \braw\b maskier échapp экран 转义 轉義 エスケープ"
)
_BLANK_LINES: Final = (
    r"blank empty\sline paragraph new\s?lines? squeeze double\sline spac leerzeile absatz absätze ligne\svide línea "
    r"пуст абзац 空行 段落"
)
_TABS: Final = r"\btabs?\b tabulat \bspac \bindent einrück табул отступ 制表"

_SPOKEN: Final = {
    dress: re.compile("|".join(stems.split()), re.IGNORECASE)
    for dress, stems in {
        Dress.NORMAL_FORM: r"normali[sz] \bnf[ck]?[cd]\b compos unicode нормализ 规范化 正規化",
        Dress.QUOTES: f"{_QUOTES} {_TYPOGRAPHY}",
        Dress.DASHES: r"dash hyphen minus strich tiret \bguion guión \braya тире дефис 破折 连字 ダッシュ ハイフン "
        + _TYPOGRAPHY,
        Dress.SIGNS: r"ellips \bdots\b symbol \bsigns?\b arrow copyright trademark ligatur (?:full|half).?width "
        rf"special\schar emoji normali[sz] zeichen символ знак 省略 符号 标点 全角 半角 記号 {_TYPOGRAPHY}",
        Dress.ACCENTS: r"accent umlaut diacrit \bascii\b unicode translit transcri akzent acento tilde ударени умлаут "
        r"диакрит 声调 アクセント ウムラウト",
        Dress.INVISIBLE: r"invisib hidden\schar zero.?width joiner \bbom\b byte.order control\schar form.?feed "
        r"page\sbreak soft.hyphen variation bidi \brtl\b right.to.left unicode \bascii\b emoji unsichtbar "
        r"steuerzeichen невидим 不可见 零宽 絵文字 表情",
        Dress.SPACES: r"\bspaces?\b nbsp no.?break non.?break white\s?space leerzeichen espac пробел "
        rf"空格 空白 スペース {_TYPOGRAPHY}",
        Dress.ENTITIES: rf"entit ampersand \bnbsp\b &\w*; сущност 实体 実体 {_ESCAPES}",
        Dress.ESCAPES: rf"percent \\[ux] %[0-9a-f]{{2}} {_ESCAPES}",
        Dress.BACKSLASHES: rf"\\ {_ESCAPES}",
        Dress.HEX_CASE: r"\bhex (?:up|low|upper|lower|down)\S?cas upper lower groß klein majuscul minuscul "
        r"mayúscul регистр 大写 小写 大文字 小文字",
        Dress.NUMBERS: r"number decimal float round precision integer zeros?\b zahl komma nombre número "
        r"числ 小数 整数 数字",
        Dress.LETTERS: r"\bencod utf \bascii\b unicode translit кодиров 编码 エンコード �",
        Dress.ENCODING: r"\bencod utf charset mojibake latin \bascii\b unicode umlaut accent translit kodier кодиров "
        r"编码 エンコード 文字化け",
        Dress.TRAILING: rf"trailing trim line.?breaks? hard\sbreak zeilenende {_BLANK_LINES}",
        Dress.INDENTATION: rf"缩进 インデント 字下げ sangr {_TABS}",
        Dress.TABS: rf"align column {_TABS}",
        Dress.COLUMNS: rf"align column table trim double ausricht {_BLANK_LINES}",
        Dress.SPACING: rf"operator {_BLANK_LINES}",
        Dress.STRING_QUOTES: rf"template\sliteral interpolat {_QUOTES}",
        Dress.LINE_ENDS: r"semi.?colon comma strichpunkt semikolon точк запят 分号 逗号",
    }.items()
}
_SPOKEN_BLANK_LINES: Final = re.compile("|".join(_BLANK_LINES.split()), re.IGNORECASE)
_SPOKEN_FORMAT: Final = re.compile("|".join(_FORMATTING.split()), re.IGNORECASE)
# A sign that stands alone, or in quotes of its own, is spoken of; quotes around a word are only quotes.
_ALONE: Final = (
    r"(?:^|(?<=[\s\"'`(\[<\u201c\u201e\u2018\u00ab])){}"
    r"(?=[\s\"'`)\]>,.\u201d\u201c\u2019\u00bb]|$)"
)


def speaks_of(intent: Intent, dress: Dress, changed: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether the instruction speaks of `dress`, or names a sign that sets the old and new lines of `changed` apart."""
    if _flag(intent, dress) or _SPOKEN[dress].search(intent.literal):
        return True
    if dress in STYLE | {Dress.SPACES} and _speaks_of_format(intent):
        return True
    if dress in _TASTE and intent.rewrites:
        return True
    apart = {char for old, new in changed for char in {*old} ^ {*new}}
    signs = (char for char in sorted(apart) if not char.isalnum() and not char.isspace())
    return any(re.search(_ALONE.format(re.escape(char)), intent.literal) for char in signs)


def _flag(intent: Intent, dress: Dress) -> bool:
    """What the intent itself says of `dress`."""
    if dress in {Dress.QUOTES, Dress.STRING_QUOTES} and intent.requotes:
        return True
    if dress in {Dress.INDENTATION, Dress.TABS} and intent.retabs:
        return True
    if dress in {Dress.TABS, Dress.TRAILING, Dress.COLUMNS, Dress.SPACING, Dress.SPACES} and intent.respaces:
        return True
    return dress in TYPOGRAPHY and intent.respells


def speaks_of_blank_lines(intent: Intent) -> bool:
    """Whether the instruction speaks of blank lines, or of white space at large."""
    asked = intent.respaces or _SPOKEN_BLANK_LINES.search(intent.literal) is not None
    return asked or _speaks_of_format(intent)


def _speaks_of_format(intent: Intent) -> bool:
    """Whether much may look different; in an instruction that states one change in full, such a word is only a name."""
    return not intent.narrow and _SPOKEN_FORMAT.search(intent.literal) is not None
