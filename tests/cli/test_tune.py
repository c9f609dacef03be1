"""``editsvc tune``, ``policy`` and ``bench policy`` as their users meet them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tuning_cases import TAU
from tuning_logs import logged

from editsvc.cli.bench_policy import command as bench_policy
from editsvc.tokenlog import LOG_FILE, TokenLog

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell
SHORT = ["--requests", "40"]


def fill(data: Path, *, accepted: float = 0.8, age_days: float = 10.0) -> None:
    """Forty requests to gpt-oss-120b with a prediction and ten without, half an hour apart."""
    data.mkdir(parents=True, exist_ok=True)
    start = datetime.now(UTC) - timedelta(days=age_days)
    with TokenLog(data / LOG_FILE) as log:
        for record in logged(50, accepted=accepted, start=start, apart=timedelta(minutes=30)):
            log.append(record)


def test_an_empty_log_is_told_in_words_and_leaves_no_policy(offline_shell: Shell) -> None:
    ran = offline_shell.run("tune")
    assert ran.code == 0
    assert ran.out.startswith(b"Not enough data: 0 records since ")
    assert b"Nothing changes: the built-in rule stays in force." in ran.out
    assert not (offline_shell.data / "policy.toml").exists()


def test_tuning_shows_the_evidence_and_puts_the_policy_in_force(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    ran = offline_shell.run("tune")
    assert (ran.code, ran.err) == (0, "")
    told = ran.out.decode()
    assert "cerebras gpt-oss-120b: predict (before: built-in rule)" in told
    assert f"learned-1 is in force: {offline_shell.data / 'policy.toml'}" in told
    shown = offline_shell.run("policy", "show")
    assert "predict = true" in shown.out.decode()
    assert shown.out == (offline_shell.data / "policy.toml").read_bytes()


def test_a_dry_run_changes_nothing(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    ran = offline_shell.run("tune", "--dry-run")
    assert b"This would become learned-1; the built-in rule stays in force (--dry-run)." in ran.out
    assert not (offline_shell.data / "policy.toml").exists()


def test_tuning_again_on_the_same_log_changes_nothing(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.run("tune")
    assert b"Nothing changes: learned-1 stays in force." in offline_shell.run("tune").out


def test_a_server_that_got_worse_makes_a_new_version(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.run("tune")
    fill(offline_shell.data, accepted=0.02, age_days=5)
    told = offline_shell.run("tune").out.decode()
    assert "cerebras gpt-oss-120b: do not predict (before: predict)" in told
    assert "takes 2 % of its replies" in told
    assert "learned-2 is in force" in told
    history = offline_shell.run("policy", "history").out.decode()
    second, changed, first, began = history.rstrip("\n").split("\n")
    assert (second.split()[0], first.split()[0]) == ("learned-2", "learned-1")
    assert second.endswith("gpt-oss-120b: do not predict  (in force)")
    assert changed.strip() == "cerebras gpt-oss-120b: do not predict (before: predict)"
    assert began.strip() == "cerebras gpt-oss-120b: predict (before: built-in rule)"


def test_asking_for_what_is_switched_off_says_how_to_switch_it_on(offline_shell: Shell) -> None:
    fill(offline_shell.data, accepted=0.02)
    ran = offline_shell.run("tune", "--auto")
    assert ran.code == 2
    assert "auto_tune is 0" in ran.err
    assert "editsvc config set auto_tune 200" in ran.err
    assert not (offline_shell.data / "policy.toml").exists()


def test_the_history_says_which_versions_were_made_without_anybody(offline_shell: Shell) -> None:
    fill(offline_shell.data, accepted=0.02)
    offline_shell.environ.setenv("EDITSVC_AUTO_TUNE", "40")
    told = offline_shell.run("tune", "--auto").out.decode()
    assert told == "learned-1 is in force: cerebras gpt-oss-120b: do not predict (before: built-in rule).\n"
    history = offline_shell.run("policy", "history").out.decode()
    assert "gpt-oss-120b: do not predict  (by itself)  (in force)" in history
    (version,) = offline_shell.run("policy", "history", "--json").json["versions"]
    assert version["by"] == "auto"
    assert version["changes"] == ["cerebras gpt-oss-120b: do not predict (before: built-in rule)"]


def test_tuning_by_itself_waits_until_it_is_time(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.environ.setenv("EDITSVC_AUTO_TUNE", "80")
    assert offline_shell.run("tune", "--auto").out == b"Not yet: 30 of 80 requests are still to come.\n"
    fill(offline_shell.data, age_days=5)
    trial = offline_shell.run("tune", "--auto", "--dry-run").out.decode()
    assert trial.startswith(
        "This would become learned-1: cerebras gpt-oss-120b: predict (before: built-in rule)"
    )
    shown = offline_shell.run("tune", "--auto", "--json").json
    assert (shown["tuned"], shown["policy"], shown["requests_left"]) == (True, "learned-1", 0)
    assert offline_shell.run("tune", "--auto", "--json").json["requests_left"] == 80


def test_a_standing_decision_is_not_undone_by_itself(offline_shell: Shell) -> None:
    """The log says the same each time, so there is one version, however often it is asked."""
    offline_shell.environ.setenv("EDITSVC_AUTO_TUNE", "50")
    for number in range(4):
        fill(offline_shell.data, age_days=10 - 2 * number)
        offline_shell.run("tune", "--auto")
    assert [one["name"] for one in offline_shell.run("policy", "history", "--json").json["versions"]] == [
        "learned-1"
    ]


def test_a_policy_that_cannot_be_used_is_left_to_its_user(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.environ.setenv("EDITSVC_AUTO_TUNE", "10")
    (offline_shell.data / "policy.toml").write_text("schema = 99\n")
    assert offline_shell.run("tune", "--auto").out == b"Nothing changes.\n"
    assert (offline_shell.data / "policy.toml").read_text() == "schema = 99\n"


def test_the_doctor_says_when_tuning_would_decide_otherwise(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.run("tune")
    fill(offline_shell.data, accepted=0.02, age_days=5)
    found = offline_shell.run("doctor", "--json").json["findings"]
    (line,) = [each for each in found if each["name"] == "policy"]
    assert line["ok"] is None
    assert "learned-1, of 20" in line["text"]
    assert (
        "editsvc tune would decide otherwise by now: cerebras gpt-oss-120b: do not predict (before: predict)."
        in line["text"]
    )


def test_json_holds_the_evidence_the_decision_and_the_policy(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    shown = offline_shell.run("tune", "--json").json
    assert (shown["schema"], shown["records"], shown["usable"], shown["written"]) == (1, 50, 50, True)
    (finding,) = shown["findings"]
    assert finding["predict"] is True
    # The speed differs from day to day, and these are three: what it lies between is not known.
    assert finding["token_s"]["value"] == pytest.approx(TAU, rel=0.05)
    assert (finding["token_s"]["low"], finding["token_s"]["high"]) == (None, None)
    assert set(finding["flips_at"]) == {"pass_cost", "value_of_time"}
    assert shown["policy"] == shown["proposed"]["name"] == "learned-1"
    policy = offline_shell.run("policy", "show", "--json").json
    assert (policy["enabled"], policy["policy"]["rules"][0]["predict"]) == (True, True)
    assert offline_shell.run("policy", "history", "--json").json["in_force"] == 1


def test_only_the_time_asked_for_counts(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    assert offline_shell.run("tune", "--since", "1d", "--json").json["records"] == 0
    ran = offline_shell.run("tune", "--since", "yesterday")
    assert (ran.code, ran.out) == (2, b"")


def test_a_reset_brings_the_built_in_rule_back(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.run("tune")
    assert "is in force again" in offline_shell.run("policy", "reset").err
    assert offline_shell.run("policy", "show").out.startswith(b"The built-in rule is in force:")
    assert "already" in offline_shell.run("policy", "reset").err
    assert b"learned-2 is in force" in offline_shell.run("tune").out


def test_without_a_version_the_history_says_so(offline_shell: Shell) -> None:
    ran = offline_shell.run("policy", "history")
    assert (ran.code, ran.out) == (0, b"")
    assert "There are no versions yet" in ran.err


def test_a_broken_policy_is_a_warning_and_is_replaced(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    (offline_shell.data / "policy.toml").write_text("schema = 99\n")
    shown = offline_shell.run("policy", "show")
    assert shown.code == 0
    assert "written by a newer editsvc (schema 99, 1 is known)" in shown.err
    ran = offline_shell.run("tune")
    assert "is not used" in ran.err
    assert b"learned-1 is in force" in ran.out


def test_the_kill_switch_is_told_of(offline_shell: Shell) -> None:
    offline_shell.environ.setenv("EDITSVC_LEARNED_POLICY", "false")
    for words in (["tune"], ["policy", "show"]):
        assert "the setting learned_policy is off" in offline_shell.run(*words).err


def test_the_value_of_time_is_a_setting(offline_shell: Shell) -> None:
    fill(offline_shell.data)
    offline_shell.environ.setenv("EDITSVC_VALUE_OF_TIME", "12.5")
    offline_shell.environ.setenv("EDITSVC_OBJECTIVE", "cost-first")
    shown = offline_shell.run("tune", "--json").json
    assert (shown["value_of_time"], shown["objective"]) == (12.5, "cost-first")
    assert "at $1.25 an hour" in shown["proposed"]["rules"][0]["why"]


@pytest.mark.slow
def test_the_bench_prints_what_it_measured() -> None:
    ran = CliRunner().invoke(bench_policy, [*SHORT, "--logs", "2", "--seed", "3"])
    assert ran.exit_code == 0
    assert ran.stdout.startswith("2 runs of 10 models")
    assert "After one log of each model" in ran.stderr
    *_, last = ran.stdout.rstrip("\n").split("\n")
    assert last.split()[:2] == ["8", "±30"]
    again = CliRunner().invoke(bench_policy, [*SHORT, "--logs", "2", "--seed", "3", "--json"])
    shown = json.loads(again.stdout)
    assert (shown["schema"], shown["runs"], shown["requests"], shown["seed"]) == (1, 2, 40, 3)
    assert set(shown["learned"]["regret"]) == {"learned", "always", "never", "size"}


def test_the_bench_replays_given_edits(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    body = "".join(f"def step_{number}(value):\n    return value + {number}\n\n" for number in range(30))
    cases.write_text(json.dumps({"before": body, "after": body.replace("step_7", "seventh")}) + "\n")
    ran = CliRunner().invoke(bench_policy, [*SHORT, "--logs", "1", "--cases", str(cases)])
    assert ran.exit_code == 0, ran.output


@pytest.mark.parametrize("content", ["", "[1]\n", '{"before": "x"}\n', "{\n"], ids=repr)
def test_edits_that_cannot_be_read_are_a_usage_error(content: str, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(content)
    ran = CliRunner().invoke(bench_policy, ["--logs", "1", "--cases", str(cases)])
    assert "cases.jsonl" in str(ran.exception)
