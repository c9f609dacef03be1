"""What instructions ask for, in the words of people, in whatever language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.instruction.intent import Intent, intent_of, words_of

REMOVALS = {
    "en": [
        "remove the last five steps",
        "Please delete both helpers",
        "get rid of the retry loop",
        "Dropped the old API",
    ],
    "de, in other words": [
        "Alle Kommentare raus",
        "die Tests werden nicht mehr gebraucht",
        "Lass nur die erste Klasse stehen",
    ],
    "fr, in other words": ["on n'a plus besoin de la classe", "garde uniquement la première classe"],
    "es, in other words": [
        "ya no se necesita la clase",
        "quítale los comentarios",
        "deja solo la primera clase",
    ],
    "zh, in other words": ["不再需要这个类", "只保留第一个函数"],
    "ja, in other words": ["後半を削って", "最初の関数だけ残して", "このクラスはもう要らない"],
    "ru, in other words": ["класс больше не нужен", "оставь только первую функцию"],
    "en, in other words": [
        "we don't need the tests anymore",
        "only the first class should stay",
        "keep just the first function",
    ],
    "de": [
        "Entferne die letzten fünf Schritte",
        "lösche bitte die Funktion",
        "loesche die Zeile",
        "nimm die Lizenz weg",
    ],
    "fr": ["supprime les cinq dernières étapes", "Enlever les lignes vides", "retirez la fonction"],
    "es": ["elimina los últimos cinco pasos", "quita la función", "Borrar la última línea"],
    "pt": ["remova os últimos cinco passos", "apague a função", "excluir a última linha"],
    "it": ["rimuovi gli ultimi cinque passi", "togli la funzione", "cancella l'ultima riga"],
    "nl": ["verwijder de laatste vijf stappen", "haal de functie weg"],
    "pl": ["usuń ostatnie pięć kroków", "skasuj tę funkcję"],
    "sv": ["ta bort de sista fem stegen", "radera funktionen"],
    "da": ["fjern de sidste fem trin", "slet funktionen"],
    "nb": ["fjern de siste fem trinnene", "slett funksjonen"],
    "tr": ["son beş adımı kaldır", "bu fonksiyonu sil"],
    "cs": ["odstraň posledních pět kroků", "smaž tu funkci"],
    "zh": ["删除最后五个步骤", "刪除最後五個步驟", "把这个函数去掉", "移除沒用的函式"],
    "ja": ["最後の5つの手順を削除してください", "この関数を消して", "未使用の変数を取り除いて"],
    "ko": ["마지막 다섯 단계를 삭제해 주세요", "이 함수를 없애줘", "마지막 줄을 지워줘"],
    "ru": ["удали последние пять шагов", "Убери эту функцию", "Удалить лишние строки"],
    "uk": ["видали останні п'ять кроків", "прибери цю функцію"],
    "ar": ["احذف الخطوات الخمس الأخيرة", "قم بإزالة هذه الدالة"],
    "hi": ["आखिरी पाँच चरण हटा दो", "यह फ़ंक्शन मिटा दें"],
    "id": ["hapus lima langkah terakhir", "tolong buang fungsi ini"],
    "vi": ["xóa năm bước cuối", "loại bỏ hàm này"],
}
DENIED = [
    "fix the loop, but don't delete anything",
    "sort the list without removing the entries",
    "Ändere den Titel, aber lösche die Fußnote nicht",
    "corrige le titre, ne supprime pas la note",
    "corrige el título y no elimines la nota",
    "修正标题，不要删除注释",
    "タイトルを直して、コメントは削除しないで",
]
NARROW = {
    "rename circle to disc": ("disc",),
    "Rename the function `fetch` to `download`": ("download",),
    "set the port to 9090": ("9090",),
    "change timeout to 30": ("30",),
    "change the port from 8080 to 9090": ("9090",),
    "replace 'http://' with 'https://'": ("https://",),
    "write Fin instead of End": ("Fin",),
    "use clang instead of cc": ("clang",),
    "the port should be 9090": ("9090",),
    "make the timeout 30": ("30",),
    "say run it twice": (),
    "set the timeout to 30s": (),
    "set the limit to ten": (),
    "set the limit to 1,000": (),
    "set debug to true": (),
    "change the title to 'the end'": ("the end",),
    "change the title from start to end": ("end",),
    "fetchをdownloadに変更": ("download",),
    "setze den Port auf 9090": ("9090",),
    "Benenne fetch in download um": ("download",),
    "schreibe Fin statt End": ("Fin",),
    "mets le port à 9090": ("9090",),
    "renomme fetch en download": ("download",),
    "cambia el puerto a 9090": ("9090",),
    "muda a porta para 9090": ("9090",),
    "imposta la porta a 9090": ("9090",),
    "zet de poort op 9090": ("9090",),
    "zmień port na 9090": ("9090",),
    "ändra porten till 9090": ("9090",),
    "把端口改为9090": ("9090",),
    "将 fetch 重命名为 download": ("download",),
    "ポートを9090に変更してください": ("9090",),
    "포트를 9090으로 변경해 주세요": ("9090",),
    "переименуй fetch в download": ("download",),
    "установи порт на 9090": ("9090",),
}
WIDE = [
    "refactor",
    "improve the parser",
    "add support for yaml",
    "fix bug",
    "use tabs instead of spaces",
    "use a list comprehension in positive",
    "把单引号改成双引号",
    "shorten the text to half",
    "use f-strings instead of format",
    "use callbacks instead of polling",
    "use async/await instead of then",
    "use snake_case instead of camelCase",
    "replace the loop with a comprehension",
    "bump lodash from 1.2.0 to 1.3.0",
    "rename some types",
    "change it to work",
]
UNKNOWN = [
    "pagination",
    "#4711",
    "v1.2.3",
    "wip",
    "页码",
    "la pagination",
    "нумерация страниц",
    "Ondoa mistari mitano ya mwisho",
    "test coverage",
    "",
]


@pytest.mark.parametrize("instruction", [each for group in REMOVALS.values() for each in group])
def test_a_removal_is_understood_in_every_language(instruction: str) -> None:
    intent = intent_of(instruction)
    assert intent.understood
    assert intent.removes


@pytest.mark.parametrize("instruction", DENIED)
def test_what_is_not_to_be_removed_is_no_removal(instruction: str) -> None:
    intent = intent_of(instruction)
    assert intent.understood
    assert not intent.removes


@pytest.mark.parametrize("instruction", NARROW)
def test_one_change_said_in_full_is_narrow_and_says_what_must_be_there(instruction: str) -> None:
    intent = intent_of(instruction)
    assert intent.narrow
    assert intent.understood
    assert intent.wanted == NARROW[instruction]
    assert not intent.removes
    assert not intent.rewrites


@pytest.mark.parametrize("instruction", WIDE)
def test_what_leaves_the_change_open_is_not_narrow(instruction: str) -> None:
    intent = intent_of(instruction)
    assert intent.understood
    assert not intent.narrow


@pytest.mark.parametrize("instruction", UNKNOWN)
def test_what_has_no_known_verb_is_not_understood(instruction: str) -> None:
    assert not intent_of(instruction).understood


@pytest.mark.parametrize(
    ("instruction", "field"),
    [
        ("refactor this", "rewrites"),
        ("vereinfache die Schleife", "rewrites"),
        ("перепиши на async", "rewrites"),
        ("重构这个函数", "rewrites"),
        ("indent with two spaces", "retabs"),
        ("use tabs", "retabs"),
        ("corrige l'indentation", "reindents"),
        ("wrap the body in a try block", "reindents"),
        ("use double quotes", "requotes"),
        ("ersetze die Anführungszeichen", "requotes"),
        ("引号统一成双引号", "requotes"),
        ("collapse the blank lines", "respaces"),
        ("supprime les lignes vides", "respaces"),
        ("fix typos", "respells"),
        ("escape the ampersands", "respells"),
        ("исправь опечатки", "respells"),
        ("sort the imports", "reorders"),
        ("sortiere die Importe", "reorders"),
        ("把常量移到顶部", "reorders"),
        ("comment every step", "comments"),
        ("traduis les commentaires", "comments"),
        ("コメントを追加して", "comments"),
        ("docs: mention the flag", "comments"),
        ("make it a protocol", "stubs"),
        ("write it as json", "json"),
        ("resolve the conflict", "patches"),
        ("show how to nest code fences", "fences"),
        ("add a trailing newline", "final_newline"),
        ("füge am Dateiende einen Zeilenumbruch ein", "final_newline"),
        ("merge branch 'main'", "rewrites"),
        ("fmt", "respaces"),
    ],
)
def test_it_tells_what_an_instruction_speaks_of(instruction: str, field: str) -> None:
    assert getattr(intent_of(instruction), field)


def test_what_is_quoted_is_not_what_is_asked_for() -> None:
    assert not intent_of('make the button say "Remove all comments"').removes
    assert not intent_of("rename `delete_all` to `drop`").removes


def test_words_of_another_language_that_english_has_by_chance_say_nothing() -> None:
    assert intent_of("use the class in a range") == Intent(
        literal="use the class in a range", understood=True, words=words_of("use the class in a range")
    )


@given(st.text(), st.integers(0, 3))
def test_any_text_is_read_the_same_way_twice(text: str, repeats: int) -> None:
    instruction = text * 10**repeats
    assert intent_of(instruction) == intent_of(instruction)
