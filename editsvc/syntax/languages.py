"""The table of languages, and how a document's language is told from its name and first line.

To add a language, add a row to `LANGUAGES`. A name and suffixes are enough for a language that is only
recognised; comment syntax lets instructions be written as comments; a grammar (the wheel's module and the
function in it, ``"tree_sitter_go:language"``) with queries gives it definitions, renames and a syntax check.
`tests/syntax/test_languages.py` compiles every query of every row, so a misspelt node type fails there by name.

Queries are tree-sitter's (https://tree-sitter.github.io/tree-sitter/using-parsers/queries/). In `definitions`
the capture ``@name`` is the name, every other capture the definition, and its own name the kind;
``@receiver`` is text that goes before the name (a Go receiver, the left side of ``app.use = function …``).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final

import msgspec

from editsvc.syntax import lexis


class Injection(msgspec.Struct, frozen=True):
    """Code of another language inside of a document, and how its language is told.

    `query` captures what says the language as ``@tag`` and the code as ``@code``; `attributes`, run within the
    tag, captures ``@name`` and ``@value``. The value of the first attribute in `telling` is looked up in
    `languages` (lower case); code under any other value is not parsed. Without such an attribute it is
    `default`.
    """

    query: str
    attributes: str
    telling: frozenset[str]
    languages: tuple[tuple[str, str], ...]
    default: str


class Language(msgspec.Struct, frozen=True):
    """One language: how to recognise it, how it writes comments, and what its syntax tree calls things.

    `name` is the identifier that LSP 3.17 gives it ("TextDocumentItem"); suffixes are lower case with their
    dot. `grammar` is empty for a language that is recognised but not parsed. `identifiers`, `strings`,
    `comments`, `imports` and `raw_code` are queries whose captures are meant; their names do not matter.
    `wrappers` are nodes around a definition that belong to it (decorators, ``export``), `attributes` are
    nodes that stand above it on lines of their own. `raw_code` are leaves that hold code the grammar does not
    parse. `values` are the places where a name is given a value: ``@name`` and ``@value``, or ``@default`` for
    that of a parameter, and ``@owner``, if the name is a member of something; and ``@scope`` with its ``@name``,
    for parts of data that have a name. `injections` are pieces of code in other languages. `unparsable` is a
    regular expression, with ``^`` at each line, of text that is not given to the grammar. `name_characters` is
    what a name consists of, as the inside of a regular expression's set. `patterns` are of the end of a path
    (`PurePath.match`).

    What the rest says is for the check of syntax. `lexis` is what hides brackets; without it, nothing is known but what
    the grammar says. Tags of the usual template languages may occur anywhere if there is a `template_fill`, a
    character that says nothing in a text, and something where a value has to be. `trailing_commas` are allowed, though
    the grammar does not know them. A grammar that is `approximate` is a relative's: it finds definitions, and does not
    tell sound from unsound. One that is `settled` knows all that its language will ever have.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    line_comment: str = ""
    block_comment: tuple[str, str] | None = None
    grammar: str = ""
    definitions: str = ""
    identifiers: str = ""
    strings: str = ""
    comments: str = ""
    imports: str = ""
    values: str = ""
    raw_code: str = ""
    injections: tuple[Injection, ...] = ()
    unparsable: str = ""
    wrappers: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    name_characters: str = r"\w"
    lexis: lexis.Lexis | None = None
    template_fill: str = ""
    trailing_commas: bool = False
    approximate: bool = False
    settled: bool = False


_C_COMMENT: Final = ("/*", "*/")
_TAG_COMMENT: Final = ("<!--", "-->")

_HTML_ATTRIBUTES: Final = """
(attribute (attribute_name) @name (attribute_value) @value)
(attribute (attribute_name) @name (quoted_attribute_value (attribute_value) @value))
"""

# Which types are scripts: HTML Standard, "The script element", and the "JavaScript MIME types" of WHATWG MIME
# Sniffing that are still met. Other types ("text/template") are data that nothing here can parse.
_HTML_INJECTIONS: Final = (
    Injection(
        "(script_element (start_tag) @tag (raw_text) @code)",
        _HTML_ATTRIBUTES,
        frozenset({"lang", "type"}),
        (
            ("module", "javascript"),
            ("text/javascript", "javascript"),
            ("application/javascript", "javascript"),
            ("text/ecmascript", "javascript"),
            ("application/ecmascript", "javascript"),
            ("application/x-javascript", "javascript"),
            ("js", "javascript"),
            ("jsx", "javascriptreact"),
            ("text/jsx", "javascriptreact"),
            ("text/babel", "javascriptreact"),
            ("ts", "typescript"),
            ("typescript", "typescript"),
            ("text/typescript", "typescript"),
            ("tsx", "typescriptreact"),
            ("application/json", "json"),
            ("application/ld+json", "json"),
            ("importmap", "json"),
            ("speculationrules", "json"),
        ),
        "javascript",
    ),
    Injection(
        "(style_element (start_tag) @tag (raw_text) @code)",
        _HTML_ATTRIBUTES,
        frozenset({"lang", "type"}),
        (("text/css", "css"), ("css", "css")),
        "css",
    ),
)

_FUNCTION_VALUE: Final = "[(arrow_function) (function_expression) (generator_function)]"

_PYTHON_DEFINITIONS: Final = """
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(type_alias_statement left: (type (identifier) @name)) @type
"""

_ECMASCRIPT_DEFINITIONS: Final = f"""
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(method_definition name: (_) @name) @method
(variable_declarator name: (identifier) @name value: {_FUNCTION_VALUE}) @function
(variable_declarator name: (identifier) @name value: (class)) @class
(pair key: (property_identifier) @name value: {_FUNCTION_VALUE}) @method
(assignment_expression
  left: (member_expression object: (_) @receiver property: (property_identifier) @name)
  right: {_FUNCTION_VALUE}) @function
"""

_JAVASCRIPT_DEFINITIONS: Final = (
    _ECMASCRIPT_DEFINITIONS
    + f"""
(field_definition property: (_) @name value: {_FUNCTION_VALUE}) @method
"""
)

_TYPESCRIPT_DEFINITIONS: Final = (
    _ECMASCRIPT_DEFINITIONS
    + f"""
(public_field_definition name: (_) @name value: {_FUNCTION_VALUE}) @method
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(internal_module name: (_) @name) @namespace
(module name: (identifier) @name) @namespace
(function_signature name: (_) @name) @declaration
(method_signature name: (_) @name) @declaration
(abstract_method_signature name: (_) @name) @declaration
"""
)

_ECMASCRIPT_IDENTIFIERS: Final = """[
  (identifier) (property_identifier) (private_property_identifier) (statement_identifier)
  (shorthand_property_identifier) (shorthand_property_identifier_pattern)
] @identifier
"""

_ECMASCRIPT_WRAPPERS: Final = frozenset(
    {
        "ambient_declaration",
        "export_statement",
        "expression_statement",
        "lexical_declaration",
        "variable_declaration",
    }
)

_ECMASCRIPT_STRINGS: Final = "[(string_fragment) (jsx_text)] @string"

_GO_DEFINITIONS: Final = """
(function_declaration name: (identifier) @name) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @receiver
    (pointer_type (type_identifier) @receiver)
    (generic_type type: (type_identifier) @receiver)
    (pointer_type (generic_type type: (type_identifier) @receiver))
  ]))
  name: (field_identifier) @name) @method
(type_spec name: (type_identifier) @name type: (struct_type)) @struct
(type_spec name: (type_identifier) @name type: (interface_type)) @interface
(type_spec name: (type_identifier) @name) @type
(type_alias name: (type_identifier) @name) @type
"""

_RUST_DEFINITIONS: Final = """
(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @declaration
(struct_item name: (type_identifier) @name) @struct
(union_item name: (type_identifier) @name) @union
(enum_item name: (type_identifier) @name) @enum
(trait_item name: (type_identifier) @name) @trait
(type_item name: (type_identifier) @name) @type
(mod_item name: (identifier) @name) @module
(macro_definition name: (identifier) @name) @macro
(impl_item type: (type_identifier) @name) @impl
(impl_item type: (generic_type type: (type_identifier) @name)) @impl
(impl_item type: (scoped_type_identifier name: (type_identifier) @name)) @impl
"""

_JAVA_DEFINITIONS: Final = """
(class_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(annotation_type_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(record_declaration name: (identifier) @name) @record
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
"""


def _declarators(node: str, names: str, kind: str, depth: int = 3) -> str:
    """Queries for a C declaration, whose name is inside of as many pointers as its return type has."""
    inner = f"(function_declarator declarator: {names} @name)"
    queries = []
    for _ in range(depth):
        queries.append(f"({node} declarator: {inner}) @{kind}")
        inner = f"(pointer_declarator declarator: {inner})"
    return "\n".join(queries)


_C_TYPES: Final = """
(struct_specifier name: (type_identifier) @name body: (_)) @struct
(union_specifier name: (type_identifier) @name body: (_)) @union
(enum_specifier name: (type_identifier) @name body: (_)) @enum
(type_definition declarator: (type_identifier) @name) @type
(preproc_function_def name: (identifier) @name) @macro
"""

_C_DEFINITIONS: Final = "\n".join(
    (
        _declarators("function_definition", "(identifier)", "function"),
        _declarators("declaration", "(identifier)", "declaration"),
        _C_TYPES,
    )
)

_CPP_NAMES: Final = (
    "[(identifier) (field_identifier) (qualified_identifier) (destructor_name) (operator_name)]"
)

_CPP_DEFINITIONS: Final = "\n".join(
    (
        _declarators("function_definition", _CPP_NAMES, "function"),
        _declarators("declaration", _CPP_NAMES, "declaration"),
        _declarators("field_declaration", _CPP_NAMES, "declaration"),
        f"""
(function_definition
  declarator: (reference_declarator (function_declarator declarator: {_CPP_NAMES} @name))) @function
(class_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @namespace
(alias_declaration name: (type_identifier) @name) @type
""",
        _C_TYPES,
    )
)

_C_IDENTIFIERS: Final = (
    "[(identifier) (field_identifier) (type_identifier) (statement_identifier)] @identifier"
)
_C_STRINGS: Final = "[(string_content) (character)] @string"

_SHELL_DEFINITIONS: Final = "(function_definition name: (word) @name) @function"
_SHELL_IDENTIFIERS: Final = """
(variable_name) @identifier
(command_name (word) @identifier)
(function_definition name: (word) @identifier)
"""

_JSON_IDENTIFIERS: Final = "(pair key: (string (string_content) @identifier))"

_PYTHON_VALUES: Final = """
(assignment left: (identifier) @name right: (_) @value)
(assignment left: (attribute object: (_) @owner attribute: (identifier) @name) right: (_) @value)
(assignment left: (subscript value: (_) @owner subscript: (string (string_content) @name)) right: (_) @value)
(named_expression name: (identifier) @name value: (_) @value)
(keyword_argument name: (identifier) @name value: (_) @value)
(pair key: (string (string_content) @name) value: (_) @value)
(default_parameter name: (identifier) @name value: (_) @default)
(typed_default_parameter name: (identifier) @name value: (_) @default)
"""
_JAVASCRIPT_PLACES: Final = """
(variable_declarator name: (identifier) @name value: (_) @value)
(assignment_expression left: (identifier) @name right: (_) @value)
(assignment_expression left: (member_expression object: (_) @owner property: (_) @name) right: (_) @value)
(pair key: [(property_identifier) (number)] @name value: (_) @value)
(pair key: (string (string_fragment) @name) value: (_) @value)
(object_assignment_pattern left: (_) @name right: (_) @default)
"""
_JSX_VALUES: Final = """
(jsx_attribute . (property_identifier) @name . (string) @value)
(jsx_attribute . (property_identifier) @name . (jsx_expression . (_) @value .))
"""
_JAVASCRIPT_VALUES: Final = f"""
{_JAVASCRIPT_PLACES}
{_JSX_VALUES}
(assignment_pattern left: (identifier) @name right: (_) @default)
(field_definition property: (_) @name value: (_) @value)
"""
_TYPESCRIPT_VALUES: Final = f"""
{_JAVASCRIPT_PLACES}
(required_parameter pattern: (identifier) @name value: (_) @default)
(public_field_definition name: (_) @name value: (_) @value)
(enum_assignment name: (_) @name value: (_) @value)
"""
_GO_VALUES: Final = """
(short_var_declaration left: (expression_list . (identifier) @name .) right: (expression_list . (_) @value .))
(assignment_statement left: (expression_list . (identifier) @name .) right: (expression_list . (_) @value .))
(assignment_statement
  left: (expression_list . (selector_expression operand: (_) @owner field: (_) @name) .)
  right: (expression_list . (_) @value .))
(var_spec name: (identifier) @name value: (expression_list . (_) @value .))
(const_spec name: (identifier) @name value: (expression_list . (_) @value .))
(keyed_element key: (literal_element (identifier) @name) value: (literal_element (_) @value))
(keyed_element
  key: (literal_element (interpreted_string_literal (interpreted_string_literal_content) @name))
  value: (literal_element (_) @value))
(composite_literal type: (_) @name body: (_) @scope)
"""
_RUST_VALUES: Final = """
(let_declaration pattern: (identifier) @name value: (_) @value)
(const_item name: (identifier) @name value: (_) @value)
(static_item name: (identifier) @name value: (_) @value)
(assignment_expression left: (identifier) @name right: (_) @value)
(assignment_expression left: (field_expression value: (_) @owner field: (_) @name) right: (_) @value)
(field_initializer field: (field_identifier) @name value: (_) @value)
(enum_variant name: (identifier) @name value: (_) @value)
(struct_expression name: (_) @name body: (_) @scope)
"""
_JAVA_VALUES: Final = """
(variable_declarator name: (identifier) @name value: (_) @value)
(assignment_expression left: (identifier) @name right: (_) @value)
(assignment_expression left: (field_access object: (_) @owner field: (identifier) @name) right: (_) @value)
(element_value_pair key: (identifier) @name value: (_) @value)
"""
_C_VALUES: Final = """
(init_declarator declarator: (identifier) @name value: (_) @value)
(init_declarator declarator: (pointer_declarator declarator: (identifier) @name) value: (_) @value)
(init_declarator declarator: (array_declarator declarator: (identifier) @name) value: (_) @value)
(assignment_expression left: (identifier) @name right: (_) @value)
(assignment_expression left: (field_expression argument: (_) @owner field: (_) @name) right: (_) @value)
(initializer_pair designator: (field_designator (field_identifier) @name) value: (_) @value)
(enumerator name: (identifier) @name value: (_) @value)
(preproc_def name: (identifier) @name value: (preproc_arg) @value)
"""
_CPP_VALUES: Final = f"""
{_C_VALUES}
(field_declaration declarator: (field_identifier) @name default_value: (_) @value)
(optional_parameter_declaration declarator: (identifier) @name default_value: (_) @default)
"""
_JSON_VALUES: Final = "(pair key: (string (string_content) @name) value: (_) @value)"
_SHELL_VALUES: Final = "(variable_assignment name: (variable_name) @name value: (_) @value)"


LANGUAGES: Final[tuple[Language, ...]] = (
    Language(
        "python",
        suffixes=(".py", ".pyi", ".pyw", ".wsgi"),
        filenames=("SConstruct", "SConscript", "wscript"),
        shebangs=("python", "python2", "python3", "pypy", "pypy3"),
        aliases=("py", "python3"),
        line_comment="#",
        grammar="tree_sitter_python:language",
        definitions=_PYTHON_DEFINITIONS,
        identifiers="(identifier) @identifier",
        values=_PYTHON_VALUES,
        strings="(string_content) @string",
        comments="(comment) @comment",
        imports="[(import_statement) (import_from_statement) (future_import_statement)] @import",
        wrappers=frozenset({"decorated_definition"}),
        lexis=lexis.PYTHON,
    ),
    Language(
        "javascript",
        suffixes=(".js", ".mjs", ".cjs", ".es6", ".jsm"),
        shebangs=("node", "nodejs", "bun"),
        aliases=("js",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_javascript:language",
        definitions=_JAVASCRIPT_DEFINITIONS,
        identifiers=_ECMASCRIPT_IDENTIFIERS,
        values=_JAVASCRIPT_VALUES,
        strings=_ECMASCRIPT_STRINGS,
        comments="(comment) @comment",
        imports="(import_statement) @import",
        wrappers=_ECMASCRIPT_WRAPPERS,
        attributes=frozenset({"decorator"}),
        name_characters=r"\w$",
        lexis=lexis.ECMASCRIPT,
    ),
    Language(
        "javascriptreact",
        suffixes=(".jsx",),
        aliases=("jsx",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_javascript:language",
        definitions=_JAVASCRIPT_DEFINITIONS,
        identifiers=_ECMASCRIPT_IDENTIFIERS,
        values=_JAVASCRIPT_VALUES,
        strings=_ECMASCRIPT_STRINGS,
        comments="(comment) @comment",
        imports="(import_statement) @import",
        wrappers=_ECMASCRIPT_WRAPPERS,
        attributes=frozenset({"decorator"}),
        name_characters=r"\w$",
        lexis=lexis.ECMASCRIPT,
    ),
    Language(
        "typescript",
        suffixes=(".ts", ".mts", ".cts"),
        shebangs=("deno", "ts-node", "tsx"),
        aliases=("ts",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_typescript:language_typescript",
        definitions=_TYPESCRIPT_DEFINITIONS,
        identifiers=_ECMASCRIPT_IDENTIFIERS + "(type_identifier) @identifier",
        values=_TYPESCRIPT_VALUES,
        strings="(string_fragment) @string",
        comments="(comment) @comment",
        imports="(import_statement) @import",
        wrappers=_ECMASCRIPT_WRAPPERS,
        attributes=frozenset({"decorator"}),
        name_characters=r"\w$",
        lexis=lexis.ECMASCRIPT,
    ),
    Language(
        "typescriptreact",
        suffixes=(".tsx",),
        aliases=("tsx",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_typescript:language_tsx",
        definitions=_TYPESCRIPT_DEFINITIONS,
        identifiers=_ECMASCRIPT_IDENTIFIERS + "(type_identifier) @identifier",
        values=_TYPESCRIPT_VALUES + _JSX_VALUES,
        strings=_ECMASCRIPT_STRINGS,
        comments="(comment) @comment",
        imports="(import_statement) @import",
        wrappers=_ECMASCRIPT_WRAPPERS,
        attributes=frozenset({"decorator"}),
        name_characters=r"\w$",
        lexis=lexis.ECMASCRIPT,
    ),
    Language(
        "go",
        suffixes=(".go",),
        aliases=("golang",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_go:language",
        definitions=_GO_DEFINITIONS,
        identifiers="""[
  (identifier) (field_identifier) (type_identifier) (package_identifier) (label_name)
] @identifier""",
        values=_GO_VALUES,
        strings="[(interpreted_string_literal_content) (raw_string_literal_content) (rune_literal)] @string",
        comments="(comment) @comment",
        imports="(import_spec) @import",
        wrappers=frozenset({"type_declaration"}),
        lexis=lexis.GO,
    ),
    Language(
        "rust",
        suffixes=(".rs",),
        shebangs=("rust-script",),
        aliases=("rs",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_rust:language",
        definitions=_RUST_DEFINITIONS,
        identifiers="""[
  (identifier) (field_identifier) (type_identifier) (shorthand_field_identifier)
] @identifier""",
        values=_RUST_VALUES,
        strings="[(string_content) (char_literal)] @string",
        comments="[(line_comment) (block_comment)] @comment",
        imports="(use_declaration) @import",
        attributes=frozenset({"attribute_item"}),
        lexis=lexis.RUST,
    ),
    Language(
        "java",
        suffixes=(".java",),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_java:language",
        definitions=_JAVA_DEFINITIONS,
        identifiers="[(identifier) (type_identifier)] @identifier",
        values=_JAVA_VALUES,
        strings="[(string_fragment) (multiline_string_fragment) (character_literal)] @string",
        comments="[(line_comment) (block_comment)] @comment",
        imports="(import_declaration) @import",
        name_characters=r"\w$",
        lexis=lexis.JAVA,
    ),
    Language(
        "c",
        suffixes=(".c", ".h"),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_c:language",
        definitions=_C_DEFINITIONS,
        identifiers=_C_IDENTIFIERS,
        values=_C_VALUES,
        strings=_C_STRINGS,
        comments="(comment) @comment",
        imports="(preproc_include) @import",
        raw_code="(preproc_arg) @code",
        wrappers=frozenset({"type_definition"}),
        lexis=lexis.C,
    ),
    Language(
        "cpp",
        suffixes=(
            ".cpp",
            ".cc",
            ".cxx",
            ".c++",
            ".hpp",
            ".hh",
            ".hxx",
            ".h++",
            ".ipp",
            ".cppm",
            ".ixx",
            ".tcc",
            ".tpp",
            ".txx",
        ),
        aliases=("c++", "cxx"),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_cpp:language",
        definitions=_CPP_DEFINITIONS,
        identifiers=_C_IDENTIFIERS + "(namespace_identifier) @identifier",
        values=_CPP_VALUES,
        strings="[(string_content) (raw_string_content) (character)] @string",
        comments="(comment) @comment",
        imports="(preproc_include) @import",
        raw_code="(preproc_arg) @code",
        wrappers=frozenset({"type_definition", "template_declaration"}),
        lexis=lexis.C,
    ),
    Language(
        "css",
        suffixes=(".css",),
        block_comment=_C_COMMENT,
        grammar="tree_sitter_css:language",
        definitions="(rule_set (selectors) @name) @rule",
        identifiers="""[
  (class_name) (id_name) (tag_name) (property_name) (keyframes_name) (plain_value) (function_name)
] @identifier""",
        values="(declaration (property_name) @name) @value",
        strings="(string_content) @string",
        comments="(comment) @comment",
        imports="(import_statement) @import",
        name_characters=r"\w-",
        lexis=lexis.CSS,
    ),
    Language(
        "html",
        suffixes=(".html", ".htm", ".xhtml", ".xht"),
        block_comment=_TAG_COMMENT,
        grammar="tree_sitter_html:language",
        values="""
(attribute (attribute_name) @name [(attribute_value) @value (quoted_attribute_value (attribute_value) @value)])
(element [(start_tag (tag_name) @name) (self_closing_tag (tag_name) @name)]) @scope
(element (start_tag (attribute (attribute_name) @_id (quoted_attribute_value (attribute_value) @name)))
  (#eq? @_id "id")) @scope
""",
        identifiers="[(tag_name) (attribute_name)] @identifier",
        strings="[(attribute_value) (text)] @string",
        comments="(comment) @comment",
        injections=_HTML_INJECTIONS,
        name_characters=r"\w-",
        lexis=lexis.HTML,
        template_fill="x",
    ),
    Language(
        "json",
        suffixes=(
            *(
                ".json",
                ".jsonl",
                ".ndjson",
                ".jsonld",
                ".geojson",
                ".topojson",
                ".ipynb",
                ".webmanifest",
                ".webapp",
            ),
            *(
                ".har",
                ".avsc",
                ".sarif",
                ".gltf",
                ".tfstate",
                ".mcmeta",
                ".importmap",
                ".jsonschema",
                ".arb",
            ),
            *(
                ".excalidraw",
                ".tact",
                ".yy",
                ".yyp",
                ".slnlaunch",
                ".4dform",
                ".4dproject",
                ".json-tmlanguage",
            ),
            *(".uproject", ".uplugin", ".asmdef"),
        ),
        filenames=(
            *(
                "Pipfile.lock",
                "composer.lock",
                "deno.lock",
                "flake.lock",
                "MODULE.bazel.lock",
                "Package.resolved",
            ),
            *(".all-contributorsrc", ".arcconfig", ".c8rc", ".htmlhintrc", ".imgbotconfig", ".nycrc"),
            *(".secrets.baseline", ".tern-config", ".tern-project", ".watchmanconfig", ".auto-changelog"),
            *(".bowerrc", ".jsbeautifyrc", ".lintstagedrc.json", "mcmod.info"),
        ),
        patterns=("*.js.map", "*.mjs.map", "*.css.map", "*.tfstate.backup"),
        grammar="tree_sitter_json:language",
        identifiers=_JSON_IDENTIFIERS,
        values=_JSON_VALUES,
        strings="(string_content) @string",
        template_fill="1",
        settled=True,
    ),
    # As Visual Studio Code reads it: the settings of editors and of tools for JavaScript.
    Language(
        "jsonc",
        suffixes=(
            *(".jsonc", ".hujson", ".code-workspace", ".code-snippets", ".code-profile"),
            *(".sublime-build", ".sublime-color-scheme", ".sublime-commands", ".sublime-completions"),
            *(".sublime-keymap", ".sublime-macro", ".sublime-menu", ".sublime-mousemap", ".sublime-project"),
            *(
                ".sublime-settings",
                ".sublime-theme",
                ".sublime-workspace",
                ".sublime_metrics",
                ".sublime_session",
            ),
        ),
        filenames=(
            *("devcontainer.json", ".devcontainer.json", "language-configuration.json", "api-extractor.json"),
            *("tslint.json", ".eslintrc.json", ".oxlintrc.json", ".hintrc", ".swcrc", ".jscsrc", ".jshintrc"),
            *(".jslintrc", ".luarc.json", ".markdownlint.json", ".mocharc.json", "pyrightconfig.json"),
            *(
                "deno.json",
                "turbo.json",
                "nx.json",
                "biome.json",
                "bun.lock",
                "typedoc.json",
                "wrangler.json",
            ),
        ),
        patterns=(
            *("tsconfig*.json", "tsconfig/*.json", "*.tsconfig.json", "jsconfig*.json"),
            *(".vscode/*.json", ".devcontainer/*.json", ".zed/*.json"),
        ),
        line_comment="//",
        block_comment=_C_COMMENT,
        grammar="tree_sitter_json:language",
        identifiers=_JSON_IDENTIFIERS,
        values=_JSON_VALUES,
        strings="(string_content) @string",
        comments="(comment) @comment",
        template_fill="1",
        settled=True,
        trailing_commas=True,
    ),
    Language(
        "json5",
        suffixes=(".json5",),
        filenames=(".babelrc", ".babelrc.json", "babel.config.json", ".jsonlintrc"),
        line_comment="//",
        block_comment=_C_COMMENT,
        lexis=lexis.JSON5,
    ),
    Language(
        "yaml",
        suffixes=(".yaml", ".yml", ".sublime-syntax", ".cff"),
        filenames=(
            ".clang-format",
            ".clang-tidy",
            ".clangd",
            ".gemrc",
            ".yamllint",
            "glide.lock",
            "pixi.lock",
        ),
        aliases=("yml",),
        line_comment="#",
        grammar="tree_sitter_yaml:language",
        identifiers="""
(block_mapping_pair key: (flow_node (plain_scalar (string_scalar) @identifier)))
(flow_pair key: (flow_node (plain_scalar (string_scalar) @identifier)))
""",
        values="""
(block_mapping_pair key: (_) @name value: (_) @value)
(flow_pair key: (_) @name value: (_) @value)
""",
        strings="[(double_quote_scalar) (single_quote_scalar) (string_scalar) (block_scalar)] @string",
        comments="(comment) @comment",
        # The grammar's scanner keeps its stack of blocks in a buffer of 1,024 bytes, and writes behind its end with
        # the 252nd (a crash of the process). Each block begins a column or more to the right of the one around it.
        unparsable=r"^[ \t?:-]{240}",
        template_fill="x",
        name_characters=r"\w-",
    ),
    Language(
        "toml",
        suffixes=(".toml",),
        filenames=("Cargo.lock", "Gopkg.lock", "pdm.lock", "poetry.lock", "uv.lock", "Pipfile"),
        line_comment="#",
        grammar="tree_sitter_toml:language",
        identifiers="(bare_key) @identifier",
        values="""
(pair . (_) @name . (_) @value)
(table . (_) @name) @scope
(table_array_element . (_) @name) @scope
""",
        strings="(string) @string",
        comments="(comment) @comment",
        name_characters=r"\w-",
        lexis=lexis.TOML,
    ),
    Language(
        "shellscript",
        suffixes=(".sh", ".bash", ".ksh", ".bats"),
        filenames=(
            *(".bashrc", ".bash_profile", ".bash_aliases", ".bash_login", ".bash_logout"),
            *(".profile", ".kshrc", ".envrc", "PKGBUILD", "APKBUILD"),
        ),
        shebangs=("sh", "bash", "dash", "ksh", "ash", "bats"),
        aliases=("bash", "sh", "shell", "ksh"),
        line_comment="#",
        grammar="tree_sitter_bash:language",
        definitions=_SHELL_DEFINITIONS,
        identifiers=_SHELL_IDENTIFIERS,
        values=_SHELL_VALUES,
        strings="[(string_content) (raw_string)] @string",
        comments="(comment) @comment",
        lexis=lexis.SHELL,
    ),
    # Its functions, comments and strings are written as bash's, so they are found; nearly every file has something
    # else that is not, so what the grammar cannot read is no fault.
    Language(
        "zsh",
        suffixes=(".zsh", ".zsh-theme"),
        filenames=(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout"),
        shebangs=("zsh",),
        line_comment="#",
        grammar="tree_sitter_bash:language",
        definitions=_SHELL_DEFINITIONS,
        identifiers=_SHELL_IDENTIFIERS,
        values=_SHELL_VALUES,
        strings="[(string_content) (raw_string)] @string",
        comments="(comment) @comment",
        lexis=lexis.SHELL,
        approximate=True,
    ),
    # From here on: recognised, with comment syntax, but without a grammar.
    Language(
        "markdown",
        (".md", ".markdown", ".mdown", ".mkd", ".mkdn"),
        aliases=("md",),
        block_comment=_TAG_COMMENT,
    ),
    Language("mdx", (".mdx",), block_comment=("{/*", "*/}")),
    Language("xml", (".xml", ".svg", ".xsd", ".xsl"), block_comment=_TAG_COMMENT),
    Language("vue", (".vue",), block_comment=_TAG_COMMENT),
    Language("svelte", (".svelte",), block_comment=_TAG_COMMENT),
    Language("scss", (".scss",), line_comment="//", block_comment=_C_COMMENT, name_characters=r"\w-"),
    Language("less", (".less",), line_comment="//", block_comment=_C_COMMENT, name_characters=r"\w-"),
    Language("sql", (".sql",), line_comment="--", block_comment=_C_COMMENT),
    Language("lua", (".lua",), shebangs=("lua",), line_comment="--", block_comment=("--[[", "]]")),
    Language(
        "ruby",
        (".rb", ".rake", ".gemspec"),
        ("Gemfile", "Rakefile"),
        ("ruby",),
        ("rb",),
        line_comment="#",
    ),
    Language("perl", (".pl", ".pm"), shebangs=("perl",), line_comment="#"),
    Language("php", (".php",), shebangs=("php",), line_comment="//", block_comment=_C_COMMENT),
    Language("csharp", (".cs",), aliases=("c#", "cs"), line_comment="//", block_comment=_C_COMMENT),
    Language("kotlin", (".kt", ".kts"), line_comment="//", block_comment=_C_COMMENT),
    Language("swift", (".swift",), shebangs=("swift",), line_comment="//", block_comment=_C_COMMENT),
    Language("scala", (".scala", ".sc"), line_comment="//", block_comment=_C_COMMENT),
    Language("dart", (".dart",), line_comment="//", block_comment=_C_COMMENT),
    Language("zig", (".zig",), line_comment="//"),
    Language("haskell", (".hs",), line_comment="--", block_comment=("{-", "-}")),
    Language("elixir", (".ex", ".exs"), shebangs=("elixir",), line_comment="#"),
    Language("r", (".r",), shebangs=("Rscript",), line_comment="#"),
    Language("makefile", (".mk",), ("Makefile", "GNUmakefile"), aliases=("make",), line_comment="#"),
    Language("dockerfile", (".dockerfile",), ("Dockerfile", "Containerfile"), line_comment="#"),
    Language(
        "ini", (".ini", ".cfg"), (".editorconfig", ".gitconfig", ".flake8", ".pylintrc"), line_comment=";"
    ),
    Language("dotenv", (".env",), (".env",), patterns=(".env.*",), line_comment="#"),
    Language("properties", (".properties",), line_comment="#"),
)

_BY_NAME: Final = {key: language for language in LANGUAGES for key in (language.name, *language.aliases)}
_BY_SUFFIX: Final = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_BY_FILENAME: Final = {name: language for language in LANGUAGES for name in language.filenames}
_BY_SHEBANG: Final = {name: language for language in LANGUAGES for name in language.shebangs}
_BY_PATTERN: Final = tuple((pattern, language) for language in LANGUAGES for pattern in language.patterns)
# Read as JSON with comments if they begin like that, and else as YAML.
_EITHER: Final = frozenset(
    {".prettierrc", ".eslintrc", ".stylelintrc", ".releaserc", ".lintstagedrc", ".commitlintrc"}
)
_BEGINS_JSON: Final = ("{", "[", "/", '"')

# "#!/usr/bin/env -S VAR=1 python3.12 -u": the program is the first word that is no option and no assignment.
_SHEBANG: Final = re.compile(
    r"#!\s*(?:\S*/)?(?:env(?:\s+(?:-\S+|\w+=\S*))*\s+)?(?:\S*/)?(?P<program>[^\s/]+)"
)
# zsh, "Completion System": the first line of a file that completes a command's arguments.
_COMPLETION: Final = re.compile(r"#(?:compdef|autoload)\b")
_ANY_SHELL: Final = "shellscript"
_VERSION: Final = re.compile(r"(?<=[a-z])[\d.]+$")


def by_name(name: str) -> Language | None:
    """The language that LSP, or common usage, calls `name`; case does not matter."""
    return _BY_NAME.get(name.lower())


def _path(filename: str) -> PurePath:
    # A path may come from any system; Windows paths split at both kinds of slash.
    return PureWindowsPath(filename) if "\\" in filename else PurePosixPath(filename)


@cache
def _by_path(filename: str) -> Language | None:
    path = _path(filename)
    by_pattern = (language for pattern, language in _BY_PATTERN if path.match(pattern))
    return _BY_FILENAME.get(path.name) or next(by_pattern, None) or _BY_SUFFIX.get(path.suffix.lower())


def language_of(filename: str, first_line: str = "") -> Language | None:
    """The language of a document, by its file name, else by its first line (``#!``, ``#compdef``); None if unknown."""
    if _path(filename).name in _EITHER:
        begins = first_line.removeprefix("\ufeff").lstrip()
        return _BY_NAME["jsonc" if not begins or begins.startswith(_BEGINS_JSON) else "yaml"]
    found = _by_path(filename)
    # "install.sh" is a name for any shell's script.
    if found is not None and found.name != _ANY_SHELL:
        return found
    return _by_first_line(first_line) or found


def _by_first_line(line: str) -> Language | None:
    if _COMPLETION.match(line):
        return _BY_NAME["zsh"]
    match = _SHEBANG.match(line)
    if match is None:
        return None
    program = match["program"]
    return _BY_SHEBANG.get(program) or _BY_SHEBANG.get(_VERSION.sub("", program))
