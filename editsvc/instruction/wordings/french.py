"""How people ask in French."""

from __future__ import annotations

from typing import Final

from editsvc.instruction.wordings.wording import ARROWS, KINDS, Wording

FRENCH: Final = Wording(
    "fr",
    before="""s'il_te_plaît s'il_te_plait s'il_vous_plaît s'il_vous_plait stp svp merci_de peux_tu peux-tu
    pouvez-vous pourrais-tu il_faut veuillez maintenant puis d'abord et bonjour""",
    after="s'il_te_plaît s'il_te_plait s'il_vous_plaît s'il_vous_plait stp svp merci maintenant",
    never="""le la les un une des du de l' d' ce cet cette ces il elle tout tous toute toutes rien à au aux en
    par pour avec sur et ou ne pas ici là""",
    describing="""fonction méthode classe variable constante champ propriété attribut paramètre argument clé valeur
    nom noms fichier code texte mot ligne lignes import imports commentaire commentaires docstring
    docstrings documentation espaces tests test doublons inutilisé inutile ancien nouveau appels
    erreurs""",
    plural="s",
    sets={
        "THE": "le la les l' un une du ce cet cette",
        "INTO": "en vers par comme pour à" + ARROWS,
        "KIND": """fonction méthode classe variable constante champ propriété attribut paramètre argument clé option
        réglage type module identifiant colonne table"""
        + KINDS,
        "DEF": "fonction méthode classe type module structure" + KINDS,
        "SETTING": """valeur réglage option variable constante champ propriété attribut paramètre argument clé
        variable_d'environnement""",
        "ALL": "tous toutes chaque",
        "USES": "occurrences utilisations",
        "DOC": "docstring documentation jsdoc javadoc commentaire_de_documentation",
        "DOCS": "docstrings documentation commentaires_de_documentation",
        "PARAM": "paramètre argument",
        "ADJECTIVE": "nouveau optionnel nouvel autre facultatif supplémentaire",
        "OUTDATED": "inutilisée inutilisé obsolète ancienne ancien inutile",
        "RENAME": "renomme renommer renommez renommons renommé",
        "REPLACE": "remplace remplacer remplacez remplaçons substitue substituer",
        "SET": """mets mettre mettez change changer changez passe passer passez fixe fixer règle régler définis
        définir modifie modifier augmente augmenter réduis réduire baisse baisser""",
        "REMOVE": """supprime supprimer supprimez enlève enlever enlevez retire retirer retirez efface effacer élimine
        éliminer""",
        "WRITE": "ajoute ajouter ajoutez écris écrire écrivez rajoute rajouter",
    },
    parts={
        "REST": ", | [,] HERE | [,] REACH | [,] UPDATING",
        "HERE": "dans le|ce|tout_le fichier|code|document | ici",
        "REACH": """partout !everywhere | y_compris dans [tous] [les] BOTH | aussi dans [les] BOTH
        | et dans les BOTH""",
        "BOTH": """commentaires !comments | chaînes !strings | commentaires et [les|dans_les] chaînes !everywhere |
        chaînes et [les] commentaires !everywhere""",
        "UPDATING": """[et] mets|mettre|mettez à jour toutes|tous [les|ses] références|appels|utilisations|occurrences |
        [et] toutes|tous ses|les références|appels|utilisations""",
        "DEFS": """toutes|tous [les] ONEKIND [publiques|publics] [sans documentation|docstring] | tout | chaque
        fonction !functions | chaque classe !classes""",
        "ONEKIND": """fonctions|méthodes !functions | classes !classes | fonctions|méthodes et
        [les|toutes_les] classes |
        classes et [les|toutes_les] fonctions|méthodes""",
        "WITHDEFAULT": """avec [une|la|comme] [valeur] [par] défaut [de] | avec [une|la] valeur par défaut [de] | valant
        [par_défaut]""",
        "OF": "de|dans|du|des|d' [THE] [fonction|méthode|classe|section|objet|table] OWNER",
        "LATER": ", | [,] HERE",
        "PLACES": ", | [,] HERE | [,] partout !everywhere",
    },
    forms={
        "rename": """
        RENAME [ALL] [THE] [USES de] [THE] [KIND] OLD INTO NEW REST*
        change|changer|changez|modifie|modifier le nom de|du|d' [THE] [KIND] OLD INTO NEW REST*
        [THE] [KIND] OLD doit|devrait s' appeler NEW REST*
        """,
        "replace": """
        REPLACE [ALL] [les] [USES de] [THE texte|mot] TEXT par|avec [THE texte|mot] WITH [partout] REST*
        change|changer TEXT en WITH REST*
        """,
        "word": """
        REPLACE [ALL] [les] [USES de] [le_mot] WORD par|avec [le_mot] BYWORD [partout] REST*
        change|changer WORD en BYWORD REST*
        corrige|corriger|corrigez [THE] [faute] [de_frappe] WORD en|->|=>|→|par BYWORD REST*
        """,
        "set": """
        SET [THE valeur de|du|d'] [THE] [SETTING] NAME [OF] à|en|sur|=|->|=>|→ [THE valeur] VALUE PLACES*
        SET [THE valeur de|du|d'] [THE] [SETTING] NAME [OF] de FROM à|en VALUE PLACES*
        [THE] [SETTING] NAME [OF] doit|devrait être|valoir LITERAL PLACES*
        change|changer [THE] valeur [par] défaut de [THE] [SETTING] NAME en|à !default VALUE PLACES*
        """,
        "remove": """
        REMOVE [THE] DEF [OUTDATED] NAME [OF] LATER*
        REMOVE [THE] NAME [OF] LATER*
        """,
        "document": """
        documente|documenter|documentez [THE] [DEF] NAME LATER*
        WRITE [THE] DOC à|pour|sur|dans [THE] [DEF] NAME LATER*
        """,
        "document all": """
        WRITE [ALL] [les|des|de_la] DOCS [manquantes|manquants] LATER*
        WRITE [les|des|une|de_la|la] DOC|DOCS à|pour DEFS LATER*
        documente|documenter|documentez DEFS LATER*
        """,
        "sort": """
        trie|trier|triez|ordonne|ordonner|organise|organiser [ALL] [les] imports|importations
            [par_ordre_alphabétique|alphabétiquement] LATER*
        """,
        "parameter": """
        WRITE [THE] [ADJECTIVE] PARAM [ADJECTIVE] DECLARATION [WITHDEFAULT DEFAULT] à|dans|pour [THE] [DEF]
            NAME [WITHDEFAULT DEFAULT] LATER*
        """,
        "colour": """
        ( REPLACE | change|changer|changez ) [ALL] [THE couleur] COLOUR par|en|avec|->|=>|→ BY LATER*
        """,
        "aspect": """
        ( SET | rends ) la couleur en|à|sur BY LATER*
        """,
    },
)
