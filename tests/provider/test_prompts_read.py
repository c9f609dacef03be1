"""Whether a server that counts little of a prompt has cut it, or leaves out what was cached: told from the counts."""

from collections.abc import Sequence

import pytest

from editsvc.provider.noticed import PromptsSeen, Read
from editsvc.usage import Usage

HEAD = 600  # what every prompt begins with
WHOLE, APART, UNSURE, CUT = Read.WHOLE, Read.APART, Read.UNSURE, Read.CUT


def judged(*prompts: tuple[int, int]) -> list[Read]:
    """What becomes known of prompts one after the other: of about so many tokens, of which so many were counted."""
    seen, found = PromptsSeen(), []
    for sent, read in prompts:
        usage = Usage(prompt_tokens=read)
        how = seen.judged(sent, usage)
        seen = seen.after(sent, usage, how)
        found.append(how)
    return found


@pytest.mark.parametrize("tokens", [0.55, 0.8, 1.0, 1.3, 2.0], ids=str)
def test_tokenizers_and_templates_count_otherwise(tokens: float) -> None:
    """Half to twice as many tokens as estimated, and what a template adds, are no cut."""
    assert judged(*((sent, int(sent * tokens) + 30) for sent in (700, 5_000, 40_000))) == [WHOLE] * 3


def test_a_first_prompt_cannot_be_cached() -> None:
    assert judged((5_900, 2_049)) == [CUT]


def test_the_same_file_again_is_cached() -> None:
    assert judged((6_000, 6_000), (6_010, 60), (6_020, 140), (2_000, 90)) == [WHOLE, APART, APART, APART]


def test_another_file_shares_only_the_beginning() -> None:
    assert judged((6_000, 6_000), (6_000, 6_000 - HEAD), (9_000, 9_000 - HEAD)) == [WHOLE] * 3


def test_a_cut_longer_than_what_was_cached_is_one() -> None:
    """Nothing comes from the cache that was not sent before."""
    assert judged((1_500, 1_500), (9_000, 2_050)) == [WHOLE, CUT]


def test_a_cut_leaves_at_least_half_of_what_was_read_before() -> None:
    assert judged((6_000, 6_000), (9_000, 1_200)) == [WHOLE, APART]


def test_no_context_is_so_short_and_others_may_have_sent_the_prompt_before() -> None:
    assert judged((3_000, 40)) == [APART]


def test_what_may_be_either_is_not_decided() -> None:
    """The list of contents, and then the sections that go on from it; or a context of 4,096 tokens."""
    assert judged((3_000, 3_000), (5_000, 2_000)) == [WHOLE, UNSURE]


@pytest.mark.parametrize("sent", [5_000, 5_010, 7_000])
def test_the_same_count_again_is_a_limit(sent: int) -> None:
    """Of the same prompt, next to nothing would be left to count."""
    assert judged((3_000, 3_000), (5_000, 2_048), (sent, 2_050)) == [WHOLE, UNSURE, CUT]


def test_who_has_cut_once_does_it_again_and_is_trusted_after_a_longer_prompt() -> None:
    assert judged((5_900, 2_049), (5_900, 2_049), (4_800, 2_000), (5_900, 5_900), (5_900, 600)) == [
        *(CUT, CUT, CUT),
        WHOLE,
        APART,
    ]


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(prompt_tokens=0), Usage(prompt_tokens=200, cached_tokens=5_700)]
)
def test_no_count_and_cached_tokens_beside_the_others_say_nothing(usage: Usage) -> None:
    assert PromptsSeen().judged(5_900, usage) is WHOLE


def test_a_short_prompt_is_not_judged() -> None:
    assert judged((400, 20)) == [WHOLE]


def session(sizes: Sequence[int], context: int | None) -> list[tuple[int, int]]:
    """Edits of files of so many tokens, in turn: by a server with a context, or one that leaves out the cached."""
    found, sent_before = [], set()
    for number, size in enumerate(sizes):
        sent, instruction = HEAD + size + 20 + number % 7, 20 + number % 7
        if context is not None:
            found.append((sent, sent if sent <= context else context // 2 + number % 3))
        else:
            new = instruction if size in sent_before else size + instruction
            found.append((sent, new if sent_before else sent))
            sent_before.add(size)
    return found


FILES = [900, 2_400, 900, 5_200, 2_400, 5_200, 14_000, 900, 14_000, 7_000, 5_200, 7_000]


def test_a_session_with_a_server_that_counts_apart_is_never_stopped() -> None:
    assert set(judged(*session(FILES, None))) == {WHOLE, APART}


@pytest.mark.parametrize("context", [2_048, 4_096, 8_192])
def test_a_session_with_a_server_that_cuts_is_stopped_but_where_its_first_cut_may_be_something_else(
    context: int,
) -> None:
    prompts = session(FILES, context)
    found = judged(*prompts)
    cuts = [how for how, (sent, read) in zip(found, prompts, strict=True) if read < sent / 2]
    assert set(cuts[1:]) <= {CUT}
    assert cuts[0] in {CUT, UNSURE}
    assert len(cuts) + found.count(WHOLE) == len(prompts)
