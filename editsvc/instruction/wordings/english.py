"""How people ask in English."""

from __future__ import annotations

from typing import Final

from editsvc.instruction.wordings.wording import ARROWS, KINDS, Wording

ENGLISH: Final = Wording(
    "en",
    before="""please pls kindly can_you could_you would_you will_you can_we could_we let's lets let_us we_should
    you_should i_want_to i_want_you_to i_would_like_to i_would_like_you_to i'd_like_to
    i'd_like_you_to we_need_to i_need_you_to now just simply hi hello hey first then next also and
    ok okay so go_ahead_and""",
    after="please pls thanks thank_you cheers now for_me ok okay accordingly",
    never="""the a an this that these those it its them they all every each everything anything something nothing
    one ones to as into with by from of in for and or not no if is be so any some other both instead
    only here there what which me us you my our your we i""",
    describing="""function func fn method type module variable var constant const field property attribute parameter
    param argument arg symbol key value target rule job task step section heading label option
    setting flag column table service command name names file files code text string word line lines
    import imports include includes comment comments docstring docstrings docs doc documentation
    whitespace space spaces tab tabs blank indentation logging log logs test tests debug duplicate
    duplicates unused dead obsolete deprecated old new default defaults unnecessary redundant stuff
    things semicolon semicolons quote quotes bracket brackets support warning warnings error errors
    typo typos dependency dependencies license licence copyright header headers usage usages use
    uses reference references call calls caller callers occurrence occurrences part parts everything
    definition definitions async sync english color colour colors colours"""
    + KINDS,
    plural="s",
    sets={
        "THE": "the a an this that my our its your",
        "TO": "to as into" + ARROWS,
        "KIND": """function functions func fn method variable var local identifier constant const field property
        attribute parameter param argument arg symbol key target rule job task step section heading
        label option setting column table service command flag type module member global
        custom_property css_class id selector helper constructor environment_variable local_variable
        global_variable instance_variable"""
        + KINDS,
        "DEF": "function func fn method type module" + KINDS,
        "SETTING": """value setting option variable var constant const field property attribute parameter param argument
        arg key flag environment_variable keyword css_property global local default_value""",
        "ALL": "all every each any",
        "USES": """occurrence occurrences use uses usage usages instance instances reference references mention
        mentions""",
        "RENAME": "rename+ refactor+_rename",
        "CHANGE": "change+ modify+ edit+ update+ alter+",
        "REPLACE": "replace+ change+ substitute+ swap_out swapping_out",
        "SET": """set+ setting change+ update+ bump+ increase+ raise+ decrease+ lower+ reduce+ adjust+ modify+
        configure+ put switch+ turn+ alter+ extend+ shorten+ upgrade+ downgrade+""",
        "REMOVE": """remove+ delete+ drop+ erase+ get+_rid_of got_rid_of take_out rip_out throw_away eliminate+ discard+
        prune+ strip+""",
        "WRITE": "add+ write+ written insert+ put create+ generate+ provide+ attach+ append+ include+",
        "DOC": """docstring doc-string doc_string doc_comment doc-comment documentation documentation_comment jsdoc
        jsdoc_comment javadoc javadoc_comment doxygen_comment doc rustdoc godoc docblock""",
        "DOCS": """docstrings doc-strings doc_strings doc_comments doc-comments documentation documentation_comments
        jsdocs jsdoc_comments javadocs docs docblocks docstring""",
        "ITEMS": """function method class struct object type constructor section table block element rule
        selector dict group""",
        "PARAM": "parameter param argument arg",
        "ADJECTIVE": "new optional extra additional default keyword named another further missing",
        "OUTDATED": """unused obsolete dead deprecated unneeded unnecessary redundant old legacy
        outdated superfluous""",
    },
    parts={
        "REST": ", | [,] HERE | [,] REACH | [,] UPDATING | please | too | as_well | accordingly",
        "HERE": """throughout [[THE] [entire|whole] file|code|document] | in|within|across|inside THE
        [entire|whole|current] file|code|document|module|script | here | in code only | only in code""",
        "REACH": """everywhere !everywhere | including|also_in|and_in|as_well_as_in|even_in|and_also_in [all] [the] BOTH
        | in_code_and|in_the_code_and BOTH""",
        "BOTH": """comments !comments | strings !strings | comments and strings !everywhere | strings and comments
        !everywhere | comments , strings !everywhere""",
        "UPDATING": """[and|,] [also] update|change|adjust|fix|updating|changing|adjusting|fixing [ALL] [of]
        [the|its|their]
        references|usages|uses|callers|calls|occurrences|call_sites|callsites|mentions [to|of it]
        [accordingly|too|as_well|everywhere|in_the_file] | [and|,]
        its|all|all_its|all_of_its|all_the
        references|usages|uses|callers|calls|occurrences|call_sites""",
        "DEFS": """[ALL] [of] [the] [public|undocumented|missing] ONEKIND [without|lacking|missing
        one|them|docs|documentation|docstrings|a_docstring] | everything [public] | all [of them]""",
        "ONEKIND": """(functions|function !functions) | (methods|method !functions) | (classes|class !classes) |
        functions|methods [,] and|& methods|functions !functions | definitions|definition |
        functions|methods|classes [,] and|& classes|functions|methods | functions|methods|classes
        [,] functions|methods|classes [,] and|& classes|functions|methods""",
        "WITHDEFAULT": """with|and [a|the] default [value] [of|:|=] | defaulting|that_defaults to |
        which_defaults_to | ,
        default|defaults|defaulting [to|:|=]""",
        "ITEM": "ITEMS",
        "IN": "of|in|for|on|inside [THE] [ITEM] OWNER [ITEM]",
        "OF": "of|in|from|inside [THE] [ITEM] OWNER [ITEM]",
        "LATER": ", | [,] HERE | please | too | as_well",
        "PLACES": """, | [,] HERE | [,] everywhere !everywhere | [,] in_all_places !everywhere |
        please | too | as_well""",
    },
    forms={
        "rename": """
        RENAME [ALL] [USES of] [THE] [KIND [name]] [from] OLD TO [THE [KIND]] NEW REST*
        RENAME [THE] KIND called|named OLD TO NEW REST*
        CHANGE [THE] name of [THE] [KIND] [from] OLD TO NEW REST*
        CHANGE [THE] KIND name [from] OLD TO NEW REST*
        give+ [THE] [KIND] OLD [the|a_new] name [of|:] NEW REST*
        call+ [THE] KIND OLD NEW [instead] REST*
        call+ [THE] OLD NEW instead REST*
        [THE] [KIND] OLD should|must|shall be renamed|called|named [to] NEW REST*
        use [THE] name NEW instead_of|rather_than|for [THE] [KIND] OLD REST*
        call+ it NEW instead_of|rather_than OLD REST*
        """,
        "replace": """
        REPLACE [ALL] [the] [USES of] [THE] [text|string|word|phrase|substring] TEXT with|by|to|for|into|->
            [THE] [text|string|word|phrase|substring] WITH [everywhere] REST*
        use+|write+ WITH instead_of|rather_than|in_place_of TEXT [everywhere] REST*
        """,
        "word": """
        REPLACE [ALL] [the] [USES of] [THE word|operator|number|text|string] WORD
            with|by|to|into|for|->|=>|→ [THE word|operator|number|text|string] BYWORD [everywhere] REST*
        fix+|correct+ [THE|all] [typo|typos|spelling|misspelling] [of|in|:|from] [the word] WORD
            to|->|=>|→|into BYWORD [everywhere] REST*
        fix+|correct+ [THE|all] typo|typos|spelling|misspelling : WORD to|->|=>|→ BYWORD REST*
        """,
        "set": """
        SET [ALL] [USES of] [the] [value|values of] [THE] [SETTING] NAME [IN]
            to|=|:=|->|=>|→|at|:|to_be|equal_to [THE value] VALUE PLACES*
        SET [the] [value of] [THE] [SETTING] NAME [IN] from FROM to|->|=>|→|into VALUE PLACES*
        SET [the] [value of] [THE] [SETTING] NAME ( LITERALFROM ) to|->|=>|→ VALUE PLACES*
        SET [the] default [value] [of|for] [THE] [SETTING] NAME [IN] to|=|at !default VALUE PLACES*
        SET [the] default [value] [of|for] [THE] [SETTING] NAME [IN] from FROM to !default VALUE PLACES*
        SET [the] NAME default [value] to !default VALUE PLACES*
        make [THE] [SETTING] NAME [IN] LITERAL PLACES*
        give+ [THE] [SETTING] NAME [the|a] value [of|:] VALUE PLACES*
        assign+ VALUE to [THE] [SETTING] NAME PLACES*
        use+ LITERAL for|as [the value of|for] [THE] [SETTING] NAME [IN] [instead_of|rather_than FROM]
            PLACES*
        [THE] [value of] [THE] [SETTING] NAME [IN] should|must|shall|needs_to|has_to be|become|equal LITERAL
            [instead_of|not FROM] PLACES*
        """,
        "remove": """
        REMOVE [THE] [OUTDATED] DEF [called|named] NAME [OF] LATER*
        REMOVE [THE] [OUTDATED] NAME DEF [OF] LATER*
        REMOVE [THE] NAME [OF] LATER*
        REMOVE [THE] OUTDATED NAME !described LATER*
        [THE] DEF NAME should|must|can|has_to|needs_to be removed|deleted|dropped LATER*
        """,
        "document": """
        WRITE [THE] [missing|new|proper] DOC to|for|on|in [THE] [DEF] NAME [DEF] LATER*
        document+ [THE] [DEF] NAME [DEF] LATER*
        give+ [THE] [DEF] NAME [DEF] a DOC LATER*
        """,
        "document all": """
        WRITE [ALL] [the] [missing] DOCS LATER*
        WRITE [ALL] [the|a] [missing] DOC|DOCS to|for|on|in DEFS LATER*
        document+ DEFS LATER*
        """,
        "sort": """
        sort+|order+|organize+|organise+|arrange+|reorder+|alphabetize+|alphabetise+ [ALL] [of] [THE]
            import|imports|use|uses|include|includes [statements|lines|declarations|directives]
            [alphabetically|by_name|in_alphabetical_order|at_the_top] LATER*
        put [ALL] [THE] imports|import_statements in|into alphabetical_order|order LATER*
        """,
        "parameter": """
        WRITE [ALL] [THE] [ADJECTIVE] [ADJECTIVE] PARAM [called|named|:] DECLARATION [of_type|with_type
            TYPE] [WITHDEFAULT DEFAULT] to|for|on|in [THE] [DEF|constructor] NAME [DEF|constructor]
            [WITHDEFAULT DEFAULT] LATER*
        WRITE [THE] [ADJECTIVE] [ADJECTIVE] DECLARATION PARAM [of_type|with_type TYPE] [WITHDEFAULT DEFAULT]
            to|for|on [THE] [DEF|constructor] NAME [DEF|constructor] [WITHDEFAULT DEFAULT] LATER*
        give+ [THE] [DEF] NAME [DEF] a|an|another [ADJECTIVE] [ADJECTIVE] PARAM [called|named|:] DECLARATION
            [of_type TYPE] [WITHDEFAULT DEFAULT] LATER*
        give+ [THE] [DEF] NAME [DEF] a|an|another [ADJECTIVE] [ADJECTIVE] DECLARATION PARAM [WITHDEFAULT
            DEFAULT] LATER*
        let [THE] [DEF] NAME take|accept|have a|an|another [ADJECTIVE] PARAM [called|named] DECLARATION
            [WITHDEFAULT DEFAULT] LATER*
        """,
        "colour": """
        ( REPLACE | turn|make|turning|making ) [ALL] [USES of] [THE] [color|colour|colors|colours] [from]
            COLOUR [color|colour|colors|colours] [text] [with|by|to|into|->|=>|→] BY LATER*
        """,
        "aspect": """
        ( REPLACE | set+|turn+|make|making|setting ) [THE] [ASPECT] [color|colour] [of_the_text]
            [with|by|to|into|->|=>|→|=] BY LATER*
        """,
    },
)
