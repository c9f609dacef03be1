"""How chat models speak to their users before and behind a text, in the languages in which they are asked most."""

from __future__ import annotations

import re
from typing import Final

_CHAT: Final = re.compile(
    r"""(?:
    (?:sure|certainly|of\ course|absolutely|okay|alright|got\ it|understood)[,.!:—]|ok[.!]
    |here(?:'s|’s|\ is|\ are)\ .*\b(?:file|code|version|text|content|script|document|change[sd]?|section
      |update\w*|modif\w*|rewrit\w*)\b.*[:.!]
    |(?:below|the\ following)\ (?:is|are)\ the\ (?:updated|modified|rewritten|complete|full|changed|requested)
    |i(?:'ve|’ve|\ have|)\ (?:also\ )?(?:made|changed|updated|added|removed|renamed|replaced|rewritten
      |modified|fixed|kept|corrected)\b
    |let\ me\ know\b|(?:i\ )?hope\ (?:this|that|it)\ helps|as\ (?:you\ )?requested\b|feel\ free\ to\ (?:ask|adjust)
    |(?:the|your)\ (?:updated|modified|rewritten|complete|full|corrected)\ (?:code|file|version|text|content
      |section)\b
    |(?:updated|modified|rewritten|complete|full|corrected|final)\ (?:code|file|version|content|text
      |section)s?(?:\ of\ .*)?\s*[:.]?$
    |(?:summary\ of\ (?:the\ )?changes|changes\ made|explanation|what\ (?:i\ )?changed)\s*:?\s*$
    |(?:no|nothing)\ (?:other|else)\b.*\bchanged?s?\b
    |hier\ (?:ist|sind|kommt)\ .*(?:datei|code|version|text|fassung|inhalt|abschnitt|änderung)
    |(?:natürlich|gerne|klar|selbstverständlich|sicher)[,.!]
    |ich\ habe\ .*(?:geändert|ersetzt|aktualisiert|umbenannt|hinzugefügt|entfernt|angepasst)
    |(?:die\ )?(?:aktualisierte|geänderte|vollständige|überarbeitete)\ (?:datei|version|fassung)
    |lass(?:en\ sie)?\ (?:es\ )?mich\ wissen
    |voici\ .*(?:fichier|code|version|texte|contenu|section|document)|bien\ sûr\s?[,.!:]|d['’]accord[,.!]
    |j['’]ai\ (?:modifié|changé|remplacé|mis\ à\ jour|renommé|ajouté|supprimé)
    |n['’]hésitez\ pas
    |aquí\ (?:está|tienes|tiene|va)\b|¡?(?:claro|por\ supuesto)\b[,.!:]|he\ (?:actualizado|cambiado
      |modificado|reemplazado|renombrado)\b
    |aqui\ está\b|(?:claro|com\ certeza|certo|certamente)[,!]|ecco\ .*(?:file|codice|versione|testo|contenuto)
    |hier\ is\ (?:het|de)\ .*(?:bestand|code|versie|tekst)|natuurlijk[,!]
    |oto\ .*(?:plik|kod|wersja|tekst)|oczywiście[,!]|işte\ .*(?:dosya|kod|sürüm)
    |(?:вот|ниже)\ .*(?:файл|код|верси|текст|содержим)|конечно[,!.]|я\ (?:изменил|обновил|заменил
      |переименовал|добавил|удалил)
    |(?:以下是?|这是|這是|下面是).*(?:更新|修改|完整|改写|新的?).*|(?:好的|当然|當然|没问题)[,,。!!::]|我(?:已经?|把|将).*(?:改|替换|更新|添加|删除)
    |(?:以下が?は?|こちらが).*(?:更新|変更|修正|完全|新しい).*|(?:承知|了解|かしこまり)[しま]|.*(?:変更|修正|更新)しました。?$
    |(?:다음은|여기).*(?:수정|업데이트|변경|파일|코드).*|(?:네|물론)[,!]
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def addresses_user(sentence: str) -> bool:
    """Whether `sentence`, without a comment's signs before it, is what a model says about its answer."""
    return _CHAT.match(sentence) is not None
