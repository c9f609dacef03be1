"""The server as a process, seen by pytest-lsp with what three real editors say of themselves."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from lsp_process import COMMAND
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

from editsvc.text.document import Edit, LineIndex, PositionEncoding, apply

URI = "file:///project/smile.py"
TEXT = "# \U0001f600\nname = '\U0001f600'; one = 1\nprint(name, one)\n"
RENAMED = TEXT.replace("one", "two")


@dataclass
class Buffer:
    text: str
    version: int
    encoding: PositionEncoding

    def apply(self, edits: list[types.TextEdit]) -> None:
        index = LineIndex(self.text)

        def offset(position: types.Position) -> int:
            return index.offset(position.line, position.character, self.encoding)

        made = [Edit(offset(edit.range.start), offset(edit.range.end), edit.new_text) for edit in edits]
        self.text = apply(self.text, made)
        self.version += 1


@asynccontextmanager
async def editor(name: str, folder: Path) -> AsyncIterator[tuple[LanguageClient, Buffer]]:
    """A session with the capabilities of an editor, whose buffer follows what the server asks for."""
    (folder / "config.toml").touch()
    environ = {
        **os.environ,
        "CEREBRAS_API_KEY": "",
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_DATA_DIR": str(folder),
    }
    client = make_test_lsp_client()
    buffer = Buffer(TEXT, 1, PositionEncoding.UTF16)

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        changes = params.edit.document_changes
        assert changes is not None
        (change,) = changes
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == buffer.version
        buffer.apply([edit for edit in change.edits if isinstance(edit, types.TextEdit)])
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(buffer.version, URI),
                [types.TextDocumentContentChangeWholeDocument(buffer.text)],
            )
        )
        return types.ApplyWorkspaceEditResult(applied=True)

    config = ClientServerConfig(list(COMMAND), client_factory=lambda: client, server_env=environ)
    started = await config.start()
    assert started is client
    result = await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities(name), process_id=None, root_uri=None)
    )
    buffer.encoding = PositionEncoding(str(getattr(result.capabilities.position_encoding, "value", "utf-16")))
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", buffer.version, TEXT))
    )
    try:
        yield client, buffer
    finally:
        await client.shutdown_session()


@pytest.mark.parametrize("name", ["visual-studio-code", "neovim", "emacs"])
async def test_an_edit_lives_from_its_command_to_the_last_verdict(name: str, tmp_path: Path) -> None:
    async with editor(name, tmp_path) as (client, buffer):

        async def command(title: str, **argument: object) -> dict[str, object]:
            params = types.ExecuteCommandParams(command=f"editsvc.{title}", arguments=[argument])
            answer: dict[str, object] = await asyncio.wait_for(
                client.workspace_execute_command_async(params), 60
            )
            return answer

        edit = await command("edit", uri=URI, instruction="rename one to two")
        assert edit["status"] == "changed"
        assert buffer.text == RENAMED

        lenses = await client.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier(URI))
        )
        assert lenses is not None and len(lenses) == 4
        rejected = await command("rejectEdit", editId=edit["editId"])
        assert rejected["status"] == "changed"
        assert buffer.text == TEXT
