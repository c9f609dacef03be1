"""The life of an edit through pytest-lsp, as three editors announce themselves, by the offline engine."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from editsvc.text import Edit, LineIndex, PositionEncoding, apply

URI = "file:///work/steps.py"
EMOJI = "name = '\U0001f600'\n\n\ndef fetch(path):\n    return path\n\n\nprint(fetch('a'), '\U0001f600', fetch('b'))\n"
EDITED = EMOJI.replace("fetch", "download")


# What pytest-lsp hands to a test is its client, and nothing that a fixture made besides.
OPENED: dict[int, "Buffer"] = {}


def environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("CEREBRAS_", "EDITSVC_"))
    }


@pytest_lsp.fixture(
    params=["visual-studio-code", "neovim", "emacs"],
    config=ClientServerConfig(
        server_command=[sys.executable, "-c", "import sys; from lsp import main; sys.exit(main())"],
        server_env=environment(),
    ),
)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path
) -> AsyncIterator[None]:
    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(_params: types.RegistrationParams) -> None:
        """What is registered is used anyway."""

    @lsp_client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
    def refresh(_params: None) -> None:
        """Nothing is drawn here."""

    capabilities = client_capabilities(request.param)
    begun = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            root_uri=None,
            initialization_options={"settings": {"logEnabled": False}},
        )
    )
    OPENED[id(lsp_client)] = Buffer(
        lsp_client, PositionEncoding(begun.capabilities.position_encoding or "utf-16")
    )
    yield
    await lsp_client.shutdown_session()


class Buffer:
    """The client's own text: applies what the server asks for, and reports it."""

    def __init__(self, client: LanguageClient, encoding: PositionEncoding) -> None:
        self._encoding = encoding
        self.text = EMOJI
        self.version = 1
        self._client = client

        @client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            return self.apply(params)

    def apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        edit = params.edit
        edits: list[Any] = list((edit.changes or {}).get(URI, []))
        for change in edit.document_changes or []:
            assert isinstance(change, types.TextDocumentEdit)
            assert change.text_document.version in {None, self.version}
            edits += change.edits
        index, encoding = LineIndex(self.text), self._encoding
        self.text = apply(
            self.text,
            [
                Edit(
                    index.offset(one.range.start.line, one.range.start.character, encoding),
                    index.offset(one.range.end.line, one.range.end.character, encoding),
                    one.new_text,
                )
                for one in edits
            ],
        )
        self.version += 1
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.version, URI),
                [types.TextDocumentContentChangeWholeDocument(self.text)],
            )
        )
        return types.ApplyWorkspaceEditResult(applied=True)


async def command(client: LanguageClient, name: str, **argument: Any) -> dict[str, Any]:
    answer: Any = await client.workspace_execute_command_async(
        types.ExecuteCommandParams(f"editsvc.{name}", arguments=[argument])
    )
    as_dict: dict[str, Any] = plain(answer)
    return as_dict


def plain(value: Any) -> Any:
    """The client turns objects into named tuples; this turns them back."""
    if hasattr(value, "_asdict"):
        return {key: plain(one) for key, one in value._asdict().items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


@pytest.mark.asyncio
async def test_an_edit_is_made_reviewed_and_partly_taken_back(client: LanguageClient) -> None:
    buffer = OPENED[id(client)]
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", buffer.version, EMOJI))
    )
    answer = await command(client, "edit", uri=URI, instruction="rename fetch to download")
    assert answer["status"] == "changed"
    assert buffer.text == EDITED
    first, second = answer["hunks"]
    assert (first["state"], second["state"]) == ("open", "open")
    rejected = await command(client, "rejectHunk", editId=answer["editId"], hunkId=second["id"])
    assert rejected["status"] == "changed"
    assert buffer.text == EMOJI.replace("def fetch", "def download")
    accepted = await command(client, "acceptEdit", editId=answer["editId"])
    assert [hunk["state"] for hunk in accepted["hunks"]] == ["accepted", "rejected"]
