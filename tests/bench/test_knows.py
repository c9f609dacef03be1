"""The benchmark of learned rules, with few servers and few requests; its edits are of real Python."""

from bench import knows
from editsvc.prediction.verifier import PRESETS


def test_servers_are_foretold_after_a_few_requests() -> None:
    chosen = ["resync, remainder", "adaptive, per-proposal", "drawn 4", "drawn 12", "drawn 18", "drawn 20"]
    rules = knows.servers()
    results = [knows.learned(name, rules[name], others=15) for name in chosen]

    assert sum(each.within == 1.0 for each in results) >= len(chosen) - 1
    assert all(each.total < 0.02 for each in results)


def test_changes_are_noticed_and_steady_servers_are_not_said_to_change() -> None:
    assert sum(knows.noticed(run).after is not None for run in range(6)) >= 5
    assert knows.alarms("resync", knows.servers()["resync, per-proposal"], 60) == 0


def test_the_drawn_servers_are_off_the_grid() -> None:
    drawn = [rule for name, rule in knows.servers().items() if name.startswith("drawn")]
    assert len(drawn) == knows.SERVERS
    assert not {(rule.least, rule.most) for rule in drawn} & {(p.least, p.most) for p in PRESETS.values()}


def test_another_seed_draws_other_servers() -> None:
    assert knows.servers() == knows.servers()
    assert not {knows.drawn(f"server {number}") for number in range(1, 9)} & {
        rule for name, rule in knows.servers(8, "other").items() if name.startswith("drawn")
    }
