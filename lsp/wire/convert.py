"""Between the product's values and those of LSP: the only place that knows both.

What a client's introduction does not need is imported where it is used, so that `initialize` is answered early.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from lsp.names import InitializationOptions
from lsp.wire.file_uris import file_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.text.document import Edit
    from lsp import contract
    from lsp.documents import ContentChange, Document
    from lsp.names import Command

_ANNOTATION: Final = "editsvc"
_Argument = TypeVar("_Argument", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do, and what it asked for."""

    versioned_edits: bool = False
    annotations: bool = False
    progress: bool = False
    configuration: bool = False
    registers_configuration: bool = False
    refreshes_lenses: bool = False
    stream: bool = False
    hunks: bool = False
    asks: bool = False
    shows_documents: bool = False
    asks_for_texts: bool = False
    tags_actions: bool = False
    reads_markdown: bool = False
    selects_at_cursor: bool = False
    selects_line: bool = False


def client_of(params: types.InitializeParams) -> Client:
    """The client as its ``initialize`` describes it."""
    capabilities = params.capabilities
    workspace = capabilities.workspace
    edit = workspace.workspace_edit if workspace else None
    window = capabilities.window
    options = options_of(params)
    configuration = workspace.did_change_configuration if workspace else None
    lens = workspace.code_lens if workspace else None
    return Client(
        # Without a region, it asks for actions for the word or bracket at the cursor.
        selects_at_cursor=_is_eglot(params),
        # So does Kate, for the line with the cursor.
        selects_line=_is_kate(params),
        # Neovim does not say that it knows documentChanges, but creates and renames files, which are part of them.
        versioned_edits=bool(edit and (edit.document_changes or edit.resource_operations)),
        annotations=bool(edit and edit.document_changes and edit.change_annotation_support),
        progress=bool(window and window.work_done_progress),
        configuration=bool(workspace and workspace.configuration),
        registers_configuration=bool(configuration and configuration.dynamic_registration),
        refreshes_lenses=bool(lens and lens.refresh_support),
        stream=options.stream,
        hunks=options.hunks,
        asks=bool(window and window.show_message),
        shows_documents=bool(window and window.show_document and window.show_document.support),
        asks_for_texts=bool(workspace and workspace.text_document_content),
        tags_actions=_tags_actions(capabilities.text_document),
        reads_markdown=_reads_markdown(capabilities.text_document),
    )


def _tags_actions(capabilities: types.TextDocumentClientCapabilities | None) -> bool:
    """Whether the client knows the tag for what a model will write (LSP 3.18)."""
    action = capabilities.code_action if capabilities else None
    tags = action.tag_support if action else None
    return bool(tags and types.CodeActionTag.LlmGenerated in tags.value_set)


def _reads_markdown(capabilities: types.TextDocumentClientCapabilities | None) -> bool:
    """Whether the client shows Markdown in hovers."""
    formats = capabilities.hover.content_format if capabilities and capabilities.hover else None
    return types.MarkupKind.Markdown in (formats or ())


def _is_eglot(params: types.InitializeParams) -> bool:
    info = params.client_info
    return info is not None and info.name.lower() == "eglot"


def _is_kate(params: types.InitializeParams) -> bool:
    """Kate does not say who it is (22.12); what it knows of actions does."""
    info = params.client_info
    if info is not None:
        return info.name.lower() == "kate"
    document = params.capabilities.text_document
    action = document.code_action if document else None
    literals = action.code_action_literal_support if action else None
    kinds = (
        [str(getattr(kind, "value", kind)) for kind in literals.code_action_kind.value_set]
        if literals
        else []
    )
    return kinds == ["quickfix", "refactor", "source"] and not (action and action.is_preferred_support)


def options_of(params: types.InitializeParams) -> InitializationOptions:
    """``initializationOptions``; one that is malformed counts as not given, because the session must go on."""
    given = params.initialization_options
    options: dict[str, Any] = {}
    for field in msgspec.structs.fields(InitializationOptions):
        if isinstance(given, dict) and field.encode_name in given:
            with suppress(msgspec.ValidationError):
                options[field.name] = msgspec.convert(given[field.encode_name], field.type)
    return InitializationOptions(**options)


def argument_of(params: types.ExecuteCommandParams, kind: type[_Argument]) -> _Argument:
    """The one argument of a command; raises JsonRpcInvalidParams that says what is wrong.

    No argument at all counts as an empty object: Helix's command picker can pass none.
    """
    given: Sequence[Any] = params.arguments or ()
    if len(given) > 1:
        raise JsonRpcInvalidParams(f"{params.command} takes one object; it was given {len(given)} arguments.")
    try:
        return msgspec.convert(given[0] if given else {}, kind)
    except msgspec.ValidationError as exc:
        raise JsonRpcInvalidParams(f"The argument of {params.command} is wrong: {exc}.") from None


def unread(params: types.ExecuteCommandParams | dict[str, Any]) -> bool:
    """Whether nobody reads a command's answer: a code action's, or one from a picker that passes no argument."""
    given: Any = params.get("arguments") if isinstance(params, dict) else params.arguments
    if not given or not isinstance(given, list | tuple):
        return True
    return isinstance(given[0], dict) and bool(given[0].get("notify"))


def command_of(title: str, command: Command, argument: msgspec.Struct) -> types.Command:
    """A command of ours, with its argument, for the client to show and to execute."""
    return types.Command(title, command.value, arguments=[msgspec.to_builtins(argument)])


def root_of(params: types.InitializeParams) -> Path | None:
    """The first workspace folder, or the root of clients that know but one; None if there is none."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    uris += [params.root_uri] if params.root_uri else []
    for uri in uris:
        path = path_of(uri)
        if path is not None:
            return path
    return Path(params.root_path) if params.root_path else None


def path_of(uri: str) -> Path | None:
    """The file of a ``file:`` URI; None for any other."""
    path = file_path(uri)
    return Path(path) if path else None


def same_file(one: str, other: str) -> bool:
    """Whether two URIs name one file, by links or by the case of letters where a file system has none."""
    first, second = path_of(one), path_of(other)
    if first is None or second is None or first.name.casefold() != second.name.casefold():
        return False
    with suppress(OSError, ValueError):  # no such file, or a path that can be none
        return first.samefile(second)
    return False


def filename_of(document: Document) -> str:
    """A name without folders that tells the language, also for documents that have no file yet."""
    from editsvc import syntax

    name = PurePosixPath(unquote(urlsplit(document.uri).path)).name or "untitled"
    language = syntax.by_name(document.language_id)
    # A notebook's file is JSON, and a cell of it is not.
    is_cell = name.endswith(".ipynb") and not document.uri.startswith("file:")
    if language is None or (syntax.language_of(name) is not None and not is_cell):
        return name
    if language.suffixes:
        return name + language.suffixes[0]
    return language.filenames[0] if language.filenames else name


def content_changes(changes: Iterable[types.TextDocumentContentChangeEvent]) -> list[ContentChange]:
    """The changes of one didChange; raises ValueError for negative positions."""
    from lsp.documents import ContentChange

    return [
        ContentChange(change.text, _span(change.range))
        if isinstance(change, types.TextDocumentContentChangePartial)
        else ContentChange(change.text)
        for change in changes
    ]


def rewrites_lines(change: ContentChange) -> bool:
    """Whether a change replaces more than a part of one line: an editor that sends lines, or everything."""
    return bool(change.text) and (change.span is None or change.span[0] != change.span[2])


def offsets(document: Document, place: types.Range | contract.Range) -> tuple[int, int]:
    """Start and end offset of a range, in order; raises ValueError for negative positions."""
    start = document.offset(place.start.line, place.start.character)
    end = document.offset(place.end.line, place.end.character)
    return min(start, end), max(start, end)


def range_of(document: Document, start: int, end: int) -> types.Range:
    """The range from offset `start` up to `end`."""
    return types.Range(
        types.Position(*document.position(start)),
        types.Position(*document.position(end)),
    )


def contract_range_of(document: Document, start: int, end: int) -> contract.Range:
    """The same as in answers and notifications of ours."""
    from lsp import contract

    return contract.Range(
        contract.Position(*document.position(start)),
        contract.Position(*document.position(end)),
    )


@dataclass(frozen=True, slots=True)
class BufferEdit:
    """`edits` of a document as it is now, on their way to the client.

    `label` is what the editor may show for them; with `confirm` it is to ask its user first.
    """

    document: Document
    edits: Sequence[Edit]
    label: str
    confirm: bool


def workspace_edit(edit: BufferEdit, client: Client) -> types.WorkspaceEdit:
    """The edit in the richest form that the client understands."""
    document = edit.document
    plain = [types.TextEdit(range_of(document, each.start, each.end), each.new_text) for each in edit.edits]
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes={document.uri: plain})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    if not (edit.confirm and client.annotations):
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, plain)])
    annotated = [types.AnnotatedTextEdit(_ANNOTATION, each.range, each.new_text) for each in plain]
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(identifier, annotated)],
        change_annotations={_ANNOTATION: types.ChangeAnnotation(label=edit.label, needs_confirmation=True)},
    )


def _span(place: types.Range) -> tuple[int, int, int, int]:
    return place.start.line, place.start.character, place.end.line, place.end.character
