"""How people ask in German."""

from __future__ import annotations

from typing import Final

from editsvc.instruction.wordings.wording import ARROWS, KINDS, Wording

GERMAN: Final = Wording(
    "de",
    before="""bitte kannst_du könntest_du kannst_du_bitte könntest_du_bitte wir_sollten ich_möchte jetzt nun dann
    erst zuerst und mal hallo""",
    after="bitte danke vielen_dank danke_schön jetzt mal",
    never="""der die das den dem des ein eine einen einem einer es ihn sie alle alles jede jeden jedes allen
    nichts etwas zu in auf um von mit durch für und oder nicht dies dieser diese dieses hier dort""",
    describing="""funktion methode klasse variable konstante feld eigenschaft attribut parameter argument schlüssel
    wert name namen datei code text wort zeile zeilen import importe imports kommentar kommentare
    docstring docstrings dokumentation leerzeichen tabs tests test duplikate unbenutzt alt alte
    alten neu neue überflüssige aufrufe verwendungen fehler""",
    plural="",
    sets={
        "THE": "der die das den dem des ein eine einen einem einer eines diese diesen dieses dieser",
        "INTO": "in zu nach auf als" + ARROWS,
        "KIND": """funktion methode klasse variable variablen konstante feld eigenschaft attribut parameter argument
        schlüssel option einstellung typ modul bezeichner spalte tabelle"""
        + KINDS,
        "DEF": "funktion methode klasse typ modul struktur schnittstelle" + KINDS,
        "SETTING": """wert einstellung option variable variablen konstante feld eigenschaft attribut parameter argument
        schlüssel umgebungsvariable""",
        "ALL": "alle allen jeden jedes jede",
        "USES": "vorkommen verwendungen",
        "DOC": "docstring doc-kommentar dokumentation dokumentationskommentar jsdoc javadoc",
        "DOCS": "docstrings doc-kommentare dokumentationskommentare dokumentation",
        "PARAM": "parameter argument",
        "ADJECTIVE": "neuen optionalen weiteren zusätzlichen neues optionales weiteres",
        "OUTDATED": "unbenutzte ungenutzte veraltete überflüssige alte unnötige tote nicht_mehr_benutzte",
        "IMPORTS": "importe imports importanweisungen import-anweisungen",
        "CHANGED": "ändern ändere ändert änder ändre abändern",
    },
    parts={
        "REST": ", | [,] HERE | [,] REACH | [,] UPDATING",
        "HERE": "in der|dieser|der_ganzen|der_gesamten datei | im [gesamten|ganzen] code|dokument | hier",
        "REACH": """überall !everywhere | auch in [allen|den] BOTH | einschließlich|inklusive|samt [der|aller] BOTH""",
        "BOTH": """kommentaren|kommentare !comments | strings|zeichenketten !strings | kommentaren|kommentare und
        strings|zeichenketten !everywhere | strings|zeichenketten und kommentaren|kommentare
        !everywhere""",
        "UPDATING": """[und] passe|ändere|aktualisiere|anpassen alle verwendungen|aufrufe|referenzen|vorkommen|verweise
        [an] | [und] alle verwendungen|aufrufe|referenzen|verweise [anpassen|aktualisieren]""",
        "DEFS": """[ALL] [öffentlichen|undokumentierten] ONEKIND [ohne docstring|docstrings|dokumentation] | alles""",
        "ONEKIND": """funktionen|methoden !functions | klassen !classes | funktionen|methoden|klassen und
        funktionen|methoden|klassen""",
        "WITHDEFAULT": "mit [dem] standardwert|vorgabewert|default|vorgabe [von]",
        "OF": "von|in|aus|im|der [THE] [funktion|methode|klasse|abschnitt|objekt|tabelle] OWNER",
        "LATER": ", | [,] HERE",
        "PLACES": ", | [,] HERE | [,] überall !everywhere",
    },
    forms={
        "rename": """
        benenne|benennt|benenn [ALL] [THE] [KIND] OLD INTO NEW um REST*
        benenne|benennt|benenn [ALL] [THE] [KIND] OLD um INTO NEW REST*
        nenne|nennt|nenn [THE] [KIND] OLD INTO NEW um REST*
        nenne|nennt|nenn [THE] [KIND] OLD um INTO NEW REST*
        [THE] [KIND] OLD INTO NEW umbenennen|umbenannt REST*
        [THE] [KIND] OLD umbenennen|umbenannt INTO NEW REST*
        CHANGED den|der namen|name von|der|des|vom [THE] [KIND] OLD INTO NEW REST*
        den namen von|der|des [THE] [KIND] OLD INTO NEW CHANGED REST*
        [THE] [KIND] OLD soll|sollte|muss NEW heißen REST*
        """,
        "replace": """
        ersetze|ersetzt|ersetz|tausche|austausche [ALL] [USES von] [THE text|wort] TEXT durch|mit|gegen [THE
            text|wort] WITH [aus] [überall] REST*
        TEXT durch|mit WITH ersetzen|ersetzt [überall] REST*
        CHANGED TEXT in|zu|auf WITH REST*
        """,
        "word": """
        ersetze|ersetzt|ersetz [ALL] [USES von] [das wort] WORD durch|mit [das wort] BYWORD [überall] REST*
        WORD durch|mit BYWORD ersetzen|ersetzt [überall] REST*
        CHANGED WORD in|zu BYWORD REST*
        korrigiere|berichtige|behebe [THE] [tippfehler|schreibfehler] WORD zu|in|->|=>|→ BYWORD REST*
        """,
        "set": """
        setze|setzt|setz|stelle|stell|ändere|erhöhe|senke|reduziere|verringere|lege|ändre [den wert
            von|der|des] [THE] [SETTING] NAME [OF] auf|=|zu|->|=>|→ [den wert] VALUE [fest|um|ein] PLACES*
        setze|stelle|ändere|erhöhe|senke|reduziere|verringere|ändre [den wert von|der|des] [THE] [SETTING]
            NAME [OF] von FROM auf|in|zu VALUE [um] PLACES*
        ändere|setze [THE] [SETTING] NAME [OF] in LITERAL PLACES*
        [THE] [SETTING] NAME [OF] auf VALUE
            setzen|ändern|stellen|erhöhen|senken|umstellen|reduzieren|gesetzt PLACES*
        [THE] [SETTING] NAME [OF] von FROM auf|in|zu VALUE
            setzen|ändern|stellen|erhöhen|senken|umstellen|reduzieren PLACES*
        [THE] [SETTING] NAME [OF] soll|sollte|muss LITERAL sein|werden|betragen PLACES*
        """,
        "remove": """
        entferne|entfernt|entfern|lösche|löscht|lösch|streiche|beseitige [THE] [OUTDATED] DEF NAME [OF]
            LATER*
        entferne|entfernt|entfern|lösche|löscht|lösch|streiche|beseitige [THE] NAME [OF] LATER*
        [THE] [OUTDATED] DEF NAME [OF] entfernen|löschen|streichen|entfernt|gelöscht LATER*
        NAME [OF] entfernen|löschen|streichen|entfernt|gelöscht LATER*
        """,
        "document": """
        dokumentiere|dokumentier [THE] [DEF] NAME LATER*
        [THE] DEF NAME dokumentieren LATER*
        schreibe|schreib|erstelle [THE] DOC für|zu|in [THE] [DEF] NAME LATER*
        füge [THE] DOC zu [THE] [DEF] NAME hinzu LATER*
        füge [THE] [DEF] NAME [THE] DOC hinzu LATER*
        ergänze [THE] DOC für|bei|in|zu [THE] [DEF] NAME LATER*
        DOC für|zu [THE] [DEF] NAME hinzufügen|schreiben|ergänzen LATER*
        """,
        "document all": """
        füge [ALL] [fehlende|die_fehlenden] DOCS hinzu|ein LATER*
        füge DOCS für|zu|bei DEFS hinzu LATER*
        schreibe|ergänze|erstelle [fehlende] DOCS [für|zu|bei DEFS] LATER*
        dokumentiere|dokumentier DEFS LATER*
        [fehlende] DOCS [für DEFS] hinzufügen|ergänzen|schreiben LATER*
        """,
        "sort": """
        sortiere|ordne [ALL] [THE] IMPORTS [alphabetisch] LATER*
        [ALL] [THE] IMPORTS [alphabetisch] sortieren|ordnen LATER*
        """,
        "parameter": """
        füge [THE] [ADJECTIVE] PARAM DECLARATION [WITHDEFAULT DEFAULT] zu|bei|in [THE] [DEF] NAME hinzu|ein
            LATER*
        füge [zu|bei] [THE] [DEF] NAME [THE] [ADJECTIVE] PARAM DECLARATION [WITHDEFAULT DEFAULT] hinzu
            LATER*
        ergänze [THE] [DEF] NAME um [THE] [ADJECTIVE] PARAM DECLARATION [WITHDEFAULT DEFAULT] LATER*
        gib [THE] [DEF] NAME [THE] [ADJECTIVE] PARAM DECLARATION [WITHDEFAULT DEFAULT] LATER*
        [THE] PARAM DECLARATION [WITHDEFAULT DEFAULT] zu [THE] [DEF] NAME hinzufügen LATER*
        """,
        "colour": """
        ersetze|ändere|ändre [ALL] [THE farbe] COLOUR in|zu|auf|durch|mit|-> BY LATER*
        [THE farbe] COLOUR in|zu|auf|durch BY ändern|ersetzen LATER*
        """,
        "aspect": """
        setze|ändere|mache [THE] farbe auf|zu|in BY LATER*
        """,
    },
)
