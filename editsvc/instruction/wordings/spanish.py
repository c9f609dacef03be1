"""How people ask in Spanish."""

from __future__ import annotations

from typing import Final

from editsvc.instruction.wordings.wording import ARROWS, KINDS, Wording

SPANISH: Final = Wording(
    "es",
    before="por_favor puedes podrías podrias quiero_que hay_que ahora luego primero y hola necesito",
    after="por_favor gracias ahora",
    never="""el la los las un una unos unas lo este esta esto ese esa todo todos todas toda cada nada algo a al
    de del en por para con y o no aquí""",
    describing="""función método clase variable constante campo propiedad atributo parámetro argumento clave valor
    nombre nombres archivo fichero código texto palabra línea líneas import imports importaciones
    comentario comentarios docstring docstrings documentación espacios pruebas tests duplicados
    viejo nuevo llamadas errores""",
    plural="s",
    sets={
        "THE": "el la los las un una este esta ese esa",
        "INTO": "a como por en" + ARROWS,
        "KIND": """función método clase variable constante campo propiedad atributo parámetro argumento clave opción
        ajuste tipo módulo identificador columna tabla"""
        + KINDS,
        "DEF": "función método clase tipo módulo estructura interfaz" + KINDS,
        "SETTING": """valor ajuste opción variable constante campo propiedad atributo parámetro argumento clave
        variable_de_entorno""",
        "ALL": "todos todas cada",
        "USES": "apariciones ocurrencias usos",
        "DOC": "docstring documentación jsdoc javadoc comentario_de_documentación",
        "DOCS": "docstrings documentación comentarios_de_documentación",
        "PARAM": "parámetro argumento",
        "ADJECTIVE": "nuevo opcional otro adicional",
        "OUTDATED": "obsoleta obsoleto inútil vieja viejo",
        "RENAME": "renombra renombrar renombre renombramos renombrad",
        "REPLACE": "reemplaza reemplazar reemplace sustituye sustituir sustituya cambia cambiar cambie",
        "SET": """cambia cambiar cambie pon poner ponga establece establecer establezca fija fijar ajusta ajustar
        define definir sube subir baja bajar aumenta aumentar reduce reducir modifica modificar""",
        "REMOVE": "elimina eliminar elimine borra borrar borre quita quitar quite suprime suprimir",
        "WRITE": "añade añadir añada agrega agregar agregue escribe escribir",
    },
    parts={
        "REST": ", | [,] HERE | [,] REACH | [,] UPDATING",
        "HERE": "en el|este|todo_el archivo|fichero|código|documento | aquí",
        "REACH": """en_todas_partes !everywhere | en_todos_lados !everywhere | también en [todos] [los|las] BOTH |
        incluso|incluyendo en [los|las] BOTH | incluidos|incluyendo [los|las] BOTH""",
        "BOTH": """comentarios !comments | cadenas !strings | comentarios y [las] cadenas !everywhere | cadenas y [los]
        comentarios !everywhere""",
        "UPDATING": """[y] actualiza|actualizar|actualice todas|todos [las|los|sus]
        referencias|llamadas|usos|apariciones |
        [y] todas|todos sus|las|los referencias|llamadas|usos""",
        "DEFS": """todas|todos [las|los] ONEKIND [públicas|públicos] [sin documentación|docstring] | todo | cada
        función !functions | cada clase !classes""",
        "ONEKIND": """funciones|métodos !functions | clases !classes | funciones|métodos y
        [las|todas_las] clases | clases
        y [las|todas_las] funciones|métodos""",
        "WITHDEFAULT": """con [un|el] valor [por] defecto|predeterminado [de] | con [un] valor por
        defecto [de] | por defecto""",
        "OF": "de|en|del [THE] [función|método|clase|sección|objeto|tabla] OWNER",
        "LATER": ", | [,] HERE",
        "PLACES": ", | [,] HERE | [,] en_todas_partes !everywhere",
    },
    forms={
        "rename": """
        RENAME [ALL] [THE] [USES de] [THE] [KIND] OLD INTO NEW REST*
        cambia|cambiar|cambie|modifica|modificar el nombre de|del [THE] [KIND] OLD INTO NEW REST*
        [THE] [KIND] OLD debe|debería llamarse NEW REST*
        """,
        "replace": """
        REPLACE [ALL] [los|las] [USES de] [THE texto|palabra] TEXT por|con|a [THE texto|palabra] WITH
            [en_todas_partes] REST*
        """,
        "word": """
        REPLACE [ALL] [los|las] [USES de] [la_palabra] WORD por|con|a [la_palabra] BYWORD [en_todas_partes]
            REST*
        corrige|corregir [THE] [errata|error] [de_tipeo|tipográfico] WORD a|por|->|=>|→ BYWORD REST*
        """,
        "set": """
        SET [el valor de|del] [THE] [SETTING] NAME [OF] a|en|como|=|->|=>|→ [el valor] VALUE PLACES*
        SET [el valor de|del] [THE] [SETTING] NAME [OF] de FROM a|por VALUE PLACES*
        SET [el valor de|del] [THE] [SETTING] NAME [OF] por LITERAL PLACES*
        [THE] [SETTING] NAME [OF] debe|debería ser|valer LITERAL PLACES*
        cambia|cambiar [el] valor [por] defecto|predeterminado de [THE] [SETTING] NAME a|por !default VALUE
            PLACES*
        """,
        "remove": """
        REMOVE [THE] DEF [OUTDATED] NAME [OF] LATER*
        REMOVE [THE] NAME [OF] LATER*
        """,
        "document": """
        documenta|documentar|documente [THE] [DEF] NAME LATER*
        WRITE [THE] DOC a|al|para|en [THE] [DEF] NAME LATER*
        """,
        "document all": """
        WRITE [ALL] [los|las] DOCS [faltantes|que_faltan] LATER*
        WRITE [los|las|un|una|la] DOC|DOCS a|para DEFS LATER*
        documenta|documentar|documente DEFS LATER*
        """,
        "sort": """
        ordena|ordenar|ordene|organiza|organizar [ALL] [los|las] imports|importaciones
            [alfabéticamente|por_orden_alfabético] LATER*
        """,
        "parameter": """
        WRITE [THE] [ADJECTIVE] PARAM [ADJECTIVE] DECLARATION [WITHDEFAULT DEFAULT] a|en|para [THE] [DEF]
            NAME [WITHDEFAULT DEFAULT] LATER*
        """,
        "colour": """
        REPLACE [ALL] [el_color] COLOUR por|a|con|->|=>|→ BY LATER*
        """,
        "aspect": """
        SET el color a|en BY LATER*
        """,
    },
)
