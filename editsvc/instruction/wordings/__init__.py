"""How people ask for the actions of `editsvc.instruction.commands`: one table for each human language.

The notation is explained in `editsvc.instruction.grammar`. Capitals that are no set and no part of a table are operands
(`editsvc.instruction.operands`):

====================  ==================================================================================
``OLD NEW``           names, as they are before and after
``NAME OWNER``        a name, which may be qualified; what it is in
``TEXT WITH``         quoted text
``WORD BYWORD``       a word, a number or an operator as text
``VALUE FROM``        a value, quoted or not; ``LITERAL`` is one that cannot be a name
``COLOUR BY ASPECT``  colours of CSS; a property
``DECLARATION``       a parameter, with its type and its default or without; ``TYPE``, ``DEFAULT``
====================  ==================================================================================

Every way through a form has one meaning. Where a sentence has several, all are kept: nothing is guessed here.
"""

from __future__ import annotations

from typing import Final

from editsvc.instruction.wordings.english import ENGLISH
from editsvc.instruction.wordings.french import FRENCH
from editsvc.instruction.wordings.german import GERMAN
from editsvc.instruction.wordings.spanish import SPANISH

WORDINGS: Final = (ENGLISH, GERMAN, FRENCH, SPANISH)
