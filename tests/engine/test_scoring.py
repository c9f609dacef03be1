"""After an edit, every candidate prediction is scored against the reply, and only numbers are kept."""

import threading
from pathlib import Path

from engine_world import world

from editsvc.emulator import parse_fault
from editsvc.engine.edit import EditRequest
from editsvc.engine.scoring import BackgroundScorer
from editsvc.prediction.fitting import Knowledge
from editsvc.prediction.servers import Asked, sentence
from editsvc.prediction.verifier import PRESETS, verify
from editsvc.text.document import Snapshot
from editsvc.tokenlog import LogUnavailable, Source
from editsvc.tokens import CL100K, O200K, O200kPieces, vocabulary
from editsvc.tuning.verification_file import VerificationFile

CODE = "".join(f"value_{number} = {number}\n" for number in range(60))
REPLY = CODE.replace("value_30 = 30", "value_30 = None")


class Numbers(dict[str, dict[str, list[int]]]):
    """A log of what-if numbers."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        self._broken = broken
        self.came = threading.Event()

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> None:
        if self._broken:
            raise LogUnavailable("The disk is full.")
        self[record_id] = what_if
        self.came.set()


def test_every_candidate_gets_numbers_for_every_verifier() -> None:
    numbers = Numbers()
    scoring = BackgroundScorer(numbers)
    scoring.submit("one", {"file": CODE, "draft": REPLY}, REPLY)
    scoring.close(10)
    assert set(numbers["one"]) == {
        "none",
        *(f"{name}:{preset}" for name in ("file", "draft") for preset in PRESETS),
    }
    assert numbers["one"]["none"] == [0, 0]
    assert numbers["one"]["draft:resync"][1] == 0
    assert numbers["one"]["file:prefix-only"][0] < numbers["one"]["file:resync"][0]


def test_without_the_vocabulary_nothing_is_said_of_predictions(tmp_path: Path) -> None:
    """The pieces that stand in for tokens are a fifth too few: a score of them would be somebody else's."""
    numbers = Numbers()
    scoring = BackgroundScorer(numbers, servers=tmp_path / "data", counted_by=O200kPieces)
    scoring.submit("one", {"file": CODE}, REPLY)
    scoring.close(10)
    assert numbers == {}
    assert not (tmp_path / "data").exists()


def test_a_log_that_fails_stops_nothing() -> None:
    scoring = BackgroundScorer(Numbers(broken=True))
    scoring.submit("one", {"file": CODE}, REPLY)
    scoring.submit("two", {"file": CODE}, REPLY)
    scoring.close(10)


def test_nothing_is_scored_while_an_edit_is_under_way() -> None:
    numbers = Numbers()
    scoring = BackgroundScorer(numbers)
    with scoring.edit_under_way():
        with scoring.edit_under_way():
            scoring.submit("one", {"file": CODE}, REPLY)
        assert not numbers.came.wait(0.2)
    assert numbers.came.wait(10)
    scoring.close(10)
    assert set(numbers) == {"one"}


def test_no_edit_is_left_out_because_others_are_under_way() -> None:
    numbers = Numbers()
    scoring = BackgroundScorer(numbers)
    with scoring.edit_under_way():
        for number in range(64):
            scoring.submit(str(number), {"file": CODE}, REPLY)
        assert numbers.came.wait(10)
    scoring.close(60)
    assert len(numbers) == 64


def test_what_waits_at_the_end_is_scored_though_an_edit_never_ended() -> None:
    numbers = Numbers()
    scoring = BackgroundScorer(numbers)
    with scoring.edit_under_way():
        scoring.submit("one", {"file": CODE}, REPLY)
        scoring.close(10)
    assert set(numbers) == {"one"}


def test_what_comes_afterwards_waits_until_nobody_edits_and_nothing_is_to_be_scored() -> None:
    numbers, done = Numbers(), list[int]()
    scoring = BackgroundScorer(numbers, afterwards=lambda: done.append(len(numbers)))
    with scoring.edit_under_way():
        for number in range(3):
            scoring.submit(f"r{number}", {"file": "a = 1"}, "a = 2")
    scoring.close(30)
    assert done == [3]


def test_closing_without_edits_is_no_work() -> None:
    BackgroundScorer(Numbers()).close(0.1)


async def test_the_service_hands_over_what_it_could_have_predicted_and_the_reply(tmp_path: Path) -> None:
    numbers = Numbers()
    scoring = BackgroundScorer(numbers)
    case = {
        "instruction": "rename value_30 to answer",
        "before": CODE,
        "after": CODE.replace("value_30", "answer"),
    }
    async with world(tmp_path, [case], scorer=scoring) as here:
        result = await here.service.edit(
            EditRequest(Snapshot(CODE), case["instruction"], "values.py", Source.CLI)
        )
    scoring.close(10)
    found = numbers[result.id]
    assert {name.partition(":")[0] for name in found} == {"file", "draft", "none"}
    assert found["draft:resync"] == [
        result.usage.accepted_prediction_tokens,
        result.usage.rejected_prediction_tokens,
    ]


async def test_the_rule_of_the_server_is_learned_from_edits_and_foretells_the_next(tmp_path: Path) -> None:
    numbers = Numbers()
    file = VerificationFile(tmp_path / "data")
    scoring = BackgroundScorer(numbers, servers=tmp_path / "data", wall=lambda: 1_000.0)
    cases = [
        {
            "instruction": f"let value_{at} be {at + 700} and value_{at + 9} be {at}",
            "before": CODE,
            "after": CODE.replace(
                f"value_{at} = {at}\n", f"value_{at} = {at + 700}\n# new {at * at}\n"
            ).replace(f"value_{at + 9} = {at + 9}\n", f"value_{at + 9} = {at}\n"),
        }
        for at in range(5, 40, 3)
    ]
    results = []
    async with world(tmp_path, cases, scorer=scoring, preset="window=20,match=5,direction=forward") as here:
        for case in cases:
            request = EditRequest(Snapshot(CODE), case["instruction"], "values.py", Source.CLI)
            results.append(await here.service.edit(request))
    scoring.close(60)

    (known,) = file.load()
    assert (known.provider, known.model, known.noted_at) == ("cerebras", "gpt-oss-120b", 1_000.0)
    assert known.fit.requests == len(cases)
    assert known.rule is not None
    assert known.rule.most == 20
    last = results[-1]
    assert last.prediction_kind is not None
    assert numbers[last.id][f"{last.prediction_kind}:fitted"] == [
        last.usage.accepted_prediction_tokens,
        last.usage.rejected_prediction_tokens,
    ]


async def test_an_edit_that_took_two_requests_teaches_nothing(tmp_path: Path) -> None:
    file = VerificationFile(tmp_path / "data")
    scoring = BackgroundScorer(Numbers(), servers=tmp_path / "data")
    case = {"instruction": "let value_30 be none", "before": CODE, "after": REPLY}
    async with world(
        tmp_path, [case], scorer=scoring, max_retries=2, faults=(parse_fault("status:503"),), fault_count=1
    ) as here:
        result = await here.service.edit(
            EditRequest(Snapshot(CODE), case["instruction"], "values.py", Source.CLI)
        )
    scoring.close(10)
    assert len(result.attempts) == 2
    assert file.load() == []


def test_a_server_that_counts_in_another_vocabulary_is_learned_of_in_that_one(tmp_path: Path) -> None:
    """The lengths of its replies tell: then its counts are foretold to the token, not about."""
    cl100k, o200k = vocabulary(CL100K), vocabulary(O200K)
    assert cl100k is not None
    assert o200k is not None
    rule = PRESETS["forward-only"]
    file = VerificationFile(tmp_path / "data")
    scoring = BackgroundScorer(Numbers(), servers=tmp_path / "data")
    for number in range(16):
        lines = [
            f"    naïve_{n} = größe(übrig_{n * number}, 'señor {n}')  # résumé {number}" for n in range(60)
        ]
        after = [
            line.replace("größe", f"länge_{number}") if n % (7 + number) == 3 else line
            for n, line in enumerate(lines)
        ]
        before, reply = "\n".join(lines), "\n".join(after)
        assert abs(cl100k.count(reply) - o200k.count(reply)) > 10
        counts = verify(cl100k.encode(before), cl100k.encode(reply), rule)
        written = cl100k.count(reply) + counts.rejected
        asked = Asked("near", "m", "file", counts.accepted, counts.rejected, written)
        scoring.submit(f"r{number}", {"file": before}, reply, asked)
    scoring.close(60)

    (known,) = file.load()
    assert known.vocabulary == CL100K
    assert known.fit.knowledge is Knowledge.KNOWN
    assert known.fit.scale == 1.0
    assert known.changed_at is None
    assert ", counted in cl100k_base: known, since " in sentence(known)
