"""Random typing at random moments of a running edit, in all three encodings: nothing is lost, nothing misplaced.

The edit renames two functions. So whatever is typed, and whenever the edit lands: with the two names put back,
the buffer must read as the user alone would have made it. That is the whole property.
"""

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lsp_client import EMACS, NEOVIM, PLAIN, VSCODE, Profile, Stale, Sync
from lsp_session import RENAME, URI, Session, opened_session

PROFILES = [VSCODE, NEOVIM, EMACS, PLAIN]


@dataclass(frozen=True)
class Keys:
    """One act of the user; `place` and `length` are shares of the document, in thousandths."""

    act: str
    place: int
    length: int = 0
    text: str = ""


TEXTS = st.text("ab \n\t\U0001f600é\u0301\u2028\f", min_size=1, max_size=8) | st.just("\r\n")
PLACES = st.integers(0, 1000)
KEYS = st.one_of(
    st.builds(Keys, st.just("insert"), PLACES, text=TEXTS),
    st.builds(Keys, st.just("delete"), PLACES, st.integers(1, 60)),
    st.builds(Keys, st.just("move line"), PLACES, st.integers(0, 1000)),
    st.builds(Keys, st.just("replace"), PLACES, st.integers(1, 60), TEXTS),
)


def press(session: Session, keys: Keys, *, anywhere: bool) -> None:
    client = session.client
    text = client.text(URI)
    start = possible(text, len(text) * keys.place // 1000)
    end = possible(text, min(len(text), start + keys.length))
    lines = text[text.rfind("\n", 0, start) + 1 : (text.find("\n", end) + 1) or len(text)]
    if not anywhere and ("step_3" in lines or "step_8" in lines):
        return
    if keys.act != "move line":
        client.type(URI, start, start if keys.act == "insert" else end, keys.text)
        return
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start) + 1 or len(text)
    line = text[first:last]
    client.type(URI, first, last, "")
    rest = client.text(URI)
    target = rest.find("\n", len(rest) * keys.length // 1000) + 1
    client.type(URI, target, target, line)


def possible(text: str, offset: int) -> int:
    r"""The offset, or the one before it: between a ``\r`` and its ``\n`` no cursor can be."""
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" and offset else offset


def without_renames(text: str) -> str:
    return text.replace("third", "step_3").replace("eighth", "step_8")


async def scenario(profile: Profile, keys: list[Keys], at_arrival: list[Keys], pauses: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = {"EDITSVC_LOG_ENABLED": "false"}
        async with opened_session(Path(folder), profile, environ=environ, speed=4000.0) as session:
            client = session.client
            # An editor that checks no versions puts the edit over what was just typed: into a wrong place, until
            # that is repaired (what the user alone would have made of it cannot be said), or over what was typed
            # into the very line, which nobody can see afterwards.
            careful = profile.stale in {Stale.REFUSES, Stale.SAYS_YES}
            left = list(at_arrival if careful else at_arrival[:1])

            def before_apply(_params: Any) -> None:
                if left:
                    press(session, left.pop(0), anywhere=careful)
                    typed.append(without_renames(client.text(URI)))

            typed = [client.text(URI)]
            client.before_apply = before_apply
            answer = client.command("editsvc.edit", {"uri": URI, "instruction": RENAME})
            for number, key in enumerate(keys):
                if answer.done() or client.said("workspace/applyEdit"):
                    break
                press(session, key, anywhere=careful)
                typed.append(client.text(URI))
                await asyncio.sleep(0.001 * pauses[number % len(pauses)])
            result = await answer
            client.report(URI)
            await asyncio.sleep(0)

            assert session.same_text()
            assert without_renames(client.text(URI)) == typed[-1]
            check_account(result, client.text(URI))


def check_account(result: dict[str, Any], text: str) -> None:
    """Every hunk is either in the text or reported."""
    assert result["status"] in {"changed", "conflict"}, result["message"]
    for hunk, name in zip(result["hunks"], ("third", "eighth"), strict=True):
        assert hunk["state"] in {"open", "conflict"}
        assert (f"{name}(" in text) == (hunk["state"] == "open")
    assert (result["status"] == "conflict") == any(hunk["state"] == "conflict" for hunk in result["hunks"])


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
# An example takes as long as an edit does, so a failure is better shown at once than made smaller.
@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    keys=st.lists(KEYS, max_size=8),
    at_arrival=st.lists(KEYS, max_size=2),
    pauses=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    sync=st.sampled_from([Sync.PER_EDIT, Sync.MESSAGES]),
    lag_ms=st.integers(0, 30),
)
def test_whatever_is_typed_while_an_edit_runs_is_kept_and_every_hunk_is_accounted_for(
    profile: Profile, keys: list[Keys], at_arrival: list[Keys], pauses: list[int], sync: Sync, lag_ms: int
) -> None:
    if profile is not PLAIN:
        profile = replace(profile, sync=sync, lag_s=0.001 * lag_ms if profile.lag_s else 0.0)
    asyncio.run(scenario(profile, keys, at_arrival, pauses))
