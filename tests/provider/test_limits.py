"""What a server was found to take: learned from refusals, headers and successes, and known to the next process."""

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Keeper, Says, Scripted

from editsvc.emulator import EmulatedModel, Emulator, EmulatorOptions
from editsvc.errors import ContextExceeded, ProviderError, ProviderRateLimited, ProviderUnavailable
from editsvc.prompt.rendering import Message
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.limits import FORGOTTEN_S, Found, Limits, impassable
from editsvc.provider.limits_file import LIMITS_FILE, LimitsFile
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.usage import Usage

DAY_S = 86_400.0


def asked(prompt: int = 9_000, reply: int = 1_000, model: str = "m") -> CompletionRequest:
    return CompletionRequest(model, [Message("user", "x")], reply, prompt_tokens=prompt)


def refused(
    limit: int | None = None, length: int | None = None, *, a_minute: bool = False
) -> ContextExceeded:
    return ContextExceeded("too long", limit=limit, length=length, a_minute=a_minute)


def done(prompt: int | None, completion: int | None, **told: str) -> Completion:
    headers = {name.replace("_", "-"): value for name, value in told.items()}
    return Completion("stop", Usage(prompt_tokens=prompt, completion_tokens=completion), rate_limit=headers)


def after(
    *outcomes: Completion | ProviderError | None, request: CompletionRequest | None = None
) -> int | None:
    limits = Limits()
    for now, outcome in enumerate(outcomes):
        limits.learn(request or asked(), outcome, now)
    return limits.tokens("m", len(outcomes))


# --- what is learned -------------------------------------------------------------------------------------------


def test_nothing_is_known_of_a_server_that_refused_nothing() -> None:
    assert after() is after(done(9_000, 100)) is after(None) is None
    assert after(ProviderUnavailable("down")) is None


def test_a_refusal_that_names_the_limit_is_believed() -> None:
    assert after(refused(8_192, 10_000)) == 8_192
    assert after(refused(8_192)) == 8_192


def test_a_refusal_without_figures_teaches_nothing() -> None:
    assert after(refused()) is None
    assert after(refused(8_192), refused()) == 8_192


def test_the_latest_refusal_counts() -> None:
    assert after(refused(8_192), refused(32_768)) == 32_768
    assert after(refused(32_768), refused(8_192)) == 8_192


def test_each_model_has_a_limit_of_its_own() -> None:
    limits = Limits()
    limits.learn(asked(model="small"), refused(8_192), 0)
    assert (limits.tokens("small", 1), limits.tokens("large", 1)) == (8_192, None)


def test_where_the_server_counts_more_tokens_its_limit_counts_for_less() -> None:
    # 10,000 of ours are 12,500 of its.
    assert after(refused(8_000, 12_500), request=asked(9_000, 1_000)) == 6_400
    # It counted the prompt alone, or in another way altogether.
    assert after(refused(8_000, 9_000), request=asked(9_000, 1_000)) == 8_000
    assert after(refused(8_000, 900_000), request=asked(9_000, 1_000)) == 4_000
    # Nobody estimated the prompt.
    assert after(refused(8_000, 12_500), request=asked(0, 1_000)) == 8_000


@given(st.integers(1, 200_000), st.integers(1, 50_000), st.integers(1, 200_000), st.integers(0, 200_000))
def test_a_limit_never_allows_what_was_refused_before(prompt: int, reply: int, limit: int, more: int) -> None:
    request = asked(prompt, reply)
    found = after(refused(limit, limit + more), request=request)
    assert found is not None and found <= limit
    if found >= limit // 2 + 1:  # else it counts something else
        assert found <= request.reserved_tokens


def test_a_longer_request_that_succeeds_lifts_the_limit() -> None:
    assert after(refused(8_192), done(8_000, 192)) == 8_192
    assert after(refused(8_192), done(8_000, 193)) is None
    assert after(refused(8_192), done(None, 9_000)) == 8_192  # not reported is not 0


@pytest.mark.parametrize("name", ["limit_tokens_minute", "limit_tokens"])
def test_no_request_reserves_more_than_a_minute_has(name: str) -> None:
    assert after(done(100, 10, **{name: "30000"})) == 30_000
    assert after(done(100, 10, **{name: "30000"}), done(100, 10, **{name: "60000.0"})) == 60_000
    assert after(refused(8_192), done(100, 10, **{name: "30000"})) == 8_192
    assert after(refused(65_536), done(100, 10, **{name: "30000"})) == 30_000
    assert after(ProviderRateLimited("no", rate_limit={name.replace("_", "-"): "30000"})) == 30_000


@pytest.mark.parametrize("said", ["", "0", "-1", "nan", "inf", "many", "1e300"])
def test_a_header_that_is_no_number_of_tokens_says_nothing(said: str) -> None:
    assert after(done(100, 10, limit_tokens_minute=said)) is None


def test_a_refusal_above_the_limit_of_a_minute_tells_that_limit() -> None:
    assert after(refused(6_000, 10_000, a_minute=True)) == 6_000
    # Which the account's next level lifts, as its headers tell.
    assert after(refused(6_000, 10_000, a_minute=True), done(100, 10, limit_tokens="300000")) == 300_000


def test_everything_is_forgotten_after_a_week() -> None:
    limits = Limits()
    limits.learn(asked(), refused(8_192), 0)
    limits.learn(asked(), done(100, 10, limit_tokens_minute="30000"), DAY_S)
    assert limits.tokens("m", FORGOTTEN_S - 1) == 8_192
    assert limits.tokens("m", FORGOTTEN_S) == 30_000
    assert limits.tokens("m", FORGOTTEN_S + DAY_S) is None


def test_what_is_said_with_every_reply_is_noted_once_a_day() -> None:
    limits, told = Limits(), done(100, 10, limit_tokens_minute="30000")
    assert [limits.learn(asked(), told, now) for now in (0, 1, 2, DAY_S)] == [True, False, False, True]
    assert limits.tokens("m", FORGOTTEN_S + DAY_S - 1) == 30_000


# --- a limit of a minute that no waiting satisfies -------------------------------------------------------------


def test_a_request_above_the_limit_of_a_minute_is_too_long_and_not_too_early() -> None:
    limited = ProviderRateLimited("no", request_id="r-1", rate_limit={"limit-tokens-minute": "9999"})
    error = impassable(limited, asked(9_000, 1_000), "cerebras")
    assert error is not None
    assert (error.limit, error.length, error.request_id, error.a_minute) == (9_999, 10_000, "r-1", True)
    assert error.message == "cerebras takes 9,999 tokens a minute, and this request alone needs 10,000."
    assert impassable(limited, asked(9_000, 999), "cerebras") is None
    assert impassable(ProviderRateLimited("no"), asked(), "cerebras") is None


async def outcome_of(chain: Chain, request: CompletionRequest) -> Completion | ProviderError:
    try:
        return await chain.complete(request, Keeper())
    except ProviderError as exc:
        return exc


async def test_the_chain_does_not_wait_for_it() -> None:
    limited = ProviderRateLimited("no", retry_after_s=60, rate_limit={"limit-tokens-minute": "6000"})
    server = Scripted("one", [Says(error=limited, first_s=0), Says("short enough", first_s=0)])
    chain = Chain(Upstreams([Upstream(server)], RetryPolicy(), clock=asyncio.get_running_loop().time))
    failed = await outcome_of(chain, asked(9_000, 1_000))
    assert isinstance(failed, ContextExceeded)
    assert failed.limit == chain.context_tokens("m") == 6_000
    # The server is not to be left alone for that.
    assert isinstance(await outcome_of(chain, asked(3_000, 1_000)), Completion)


async def test_what_a_fallback_takes_is_not_said_of_the_first_server() -> None:
    one = Scripted("one", [Says(error=refused(8_000), first_s=0)])
    two = Scripted("two", [Says(error=refused(4_000), first_s=0)])
    upstreams = [Upstream(one), Upstream(two, model="other")]
    chain = Chain(Upstreams(upstreams, RetryPolicy(), clock=asyncio.get_running_loop().time))
    assert isinstance(await outcome_of(chain, asked()), ContextExceeded)
    assert (chain.context_tokens("m"), chain.context_tokens("other")) == (8_000, None)
    assert upstreams[1].limits.tokens("other", asyncio.get_running_loop().time()) == 4_000


async def test_cerebras_teaches_it_in_its_own_words_and_headers() -> None:
    models = (EmulatedModel("a-model", context=900), EmulatedModel("m"))
    async with Emulator(EmulatorOptions(echo=True, models=models, tokens_per_minute=5_000)) as emulator:
        provider = CerebrasProvider(api_key="k", base_url=emulator.base_url)
        chain = Chain(Upstreams([Upstream(provider)], clock=asyncio.get_running_loop().time))
        assert chain.context_tokens("a-model") is None
        assert isinstance(await outcome_of(chain, asked(0, 1_000, "a-model")), ContextExceeded)
        assert chain.context_tokens("a-model") == 900
        failed = await outcome_of(chain, asked(2, 9_000))
        assert isinstance(failed, ContextExceeded) and failed.a_minute
        assert chain.context_tokens("m") == 5_000
        assert isinstance(await outcome_of(chain, asked(2, 100)), Completion)
        chain.close()


# --- the file --------------------------------------------------------------------------------------------------


class Clocks:
    """Two clocks that go together, as a machine's do."""

    def __init__(self, wall: float = 1_000_000_000.0) -> None:
        self.now = wall

    def file(self, folder: Path, *, began: float) -> LimitsFile:
        """The file as a process sees it that began at `began`."""
        return LimitsFile(folder, clock=lambda: self.now - began, wall=lambda: self.now)


def learned(limit: int, now: float, model: str = "m") -> Limits:
    limits = Limits()
    limits.learn(asked(model=model), refused(limit), now)
    return limits


def test_the_next_process_knows_it(tmp_path: Path) -> None:
    clocks = Clocks()
    one = clocks.file(tmp_path / "data", began=clocks.now - 50)
    one.save("https://a", learned(8_192, 50))
    clocks.now += 3 * DAY_S
    two = clocks.file(tmp_path / "data", began=clocks.now)
    assert two.load("https://a").tokens("m", 0) == 8_192
    assert two.load("https://a").tokens("m", 4 * DAY_S - 1) == 8_192
    assert two.load("https://a").tokens("m", 4 * DAY_S) is None
    assert two.load("https://b").tokens("m", 0) is None
    clocks.now += 4 * DAY_S
    assert two.of("https://a") == {}


def test_what_others_learned_stays_in_the_file(tmp_path: Path) -> None:
    clocks = Clocks()
    file = clocks.file(tmp_path, began=clocks.now)
    file.save("https://a", learned(8_192, 0))
    file.save("https://a", learned(4_096, 0, "other"))
    file.save("https://b", learned(2_048, 0))
    assert {model: found.context for model, found in file.of("https://a").items()} == {
        "m": 8_192,
        "other": 4_096,
    }
    file.save("https://a", learned(16_384, 0))
    assert file.of("https://a")["m"].context == 16_384


def test_a_limit_that_was_lifted_is_lifted_for_everybody(tmp_path: Path) -> None:
    clocks = Clocks()
    file = clocks.file(tmp_path, began=clocks.now)
    limits = learned(8_192, 0)
    file.save("https://a", limits)
    limits.learn(asked(), done(9_000, 100), 0)
    file.save("https://a", limits)
    assert file.of("https://a") == {}


def test_the_file_stays_small_and_private(tmp_path: Path) -> None:
    clocks = Clocks()
    folder = tmp_path / "data"
    file = clocks.file(folder, began=clocks.now)
    for number in range(100):
        clocks.now += 1
        file.save("https://a", learned(1_000 + number, number + 1, f"model-{number}"))
    known = file.of("https://a")
    assert 0 < len(known) < 100
    assert known["model-99"].context == 1_099
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / LIMITS_FILE).stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == [LIMITS_FILE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "{}",
        '[{"server": 5}]',
        '[{"server": "https://a", "model": "m"}]',
        '[{"server": "https://a", "model": "m", "context": -5, "context_at": 1000000000}]',
        '[{"server": "https://a", "model": "m", "context": 5}]',
        '[{"server": "https://a", "model": "m", "context": 5, "context_at": 2000000000}]',
        '[{"server": "https://a", "model": "m", "minute": 5000000000, "minute_at": 1000000000}]',
    ],
)
def test_a_file_that_says_nothing_sensible_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / LIMITS_FILE).write_text(text)
    clocks = Clocks()
    file = clocks.file(tmp_path, began=clocks.now)
    assert file.load("https://a").tokens("m", 0) is None
    file.save("https://a", learned(8_192, 0))
    assert file.load("https://a").tokens("m", 0) == 8_192


def test_where_nothing_can_be_written_nothing_is_and_nothing_fails(tmp_path: Path) -> None:
    clocks = Clocks()
    (tmp_path / "data").write_text("a file where the folder should be")
    clocks.file(tmp_path / "data", began=clocks.now).save("https://a", learned(8_192, 0))
    assert (tmp_path / "data").read_text() == "a file where the folder should be"


@given(st.floats(-1e9, 1e9), st.floats(0, 2 * FORGOTTEN_S))
def test_another_clock_changes_nothing(ahead: float, later: float) -> None:
    found = Found(8_192, 0.5, 0.0, 30_000, 100.0)
    if abs(later - FORGOTTEN_S) > 200:
        assert found.moved(ahead).tokens(later + ahead + 100) == found.tokens(later + 100)
    assert Found().moved(ahead).at(ahead) == Found() and math.isinf(Found().moved(ahead).minute_at)
