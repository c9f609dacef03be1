"""From findings to the next version of the policy file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.tuning.drift import ChangeKind
from editsvc.tuning.policy_file import PolicyFile, Rule
from editsvc.tuning.sentences import reason

if TYPE_CHECKING:
    from datetime import datetime

    from editsvc.tuning.judge import Finding
    from editsvc.tuning.objective import PriceOf
    from editsvc.tuning.tune import Tuning


def propose(
    tuning: Tuning,
    standing: PolicyFile | None,
    *,
    version: int,
    now: datetime,
    price_of: PriceOf,
) -> PolicyFile | None:
    """The policy that `tuning` derives from the `standing` one; None if only the evidence differs.

    A model about which the log says too little now keeps its rule, whatever changed meanwhile: it stands until the
    opposite is shown. Only a new price makes it begin anew. A cell has a rule of its own only where it differs from its
    model.
    """
    changed = {change.cell for change in tuning.changes if change.kind is ChangeKind.PRICE}
    old = {rule.cell: rule for rule in standing.rule} if standing is not None else {}
    model_rules = {
        cell: rule for cell, rule in old.items() if cell == cell.whole_model and cell not in changed
    }
    silent = set(old)
    cell_rules: list[Rule] = []
    for finding in tuning.findings:
        model = finding.cell.whole_model
        if finding.cell == model:
            if finding.predict is not None:
                silent = {cell for cell in silent if cell.whole_model != model}
                model_rules[model] = _rule(finding, tuning, price_of)
            elif finding.scope_min_tokens is not None and model not in model_rules:
                model_rules[model] = _rule(finding, tuning, price_of)
        elif finding.predict != model_rules[model].predict:
            cell_rules.append(_rule(finding, tuning, price_of))
    cell_rules += [
        rule
        for cell, rule in old.items()
        if cell in silent and cell != cell.whole_model and cell.whole_model not in changed
    ]
    rules = sorted((*model_rules.values(), *cell_rules), key=_order)
    proposed = PolicyFile(
        version=version,
        created_at=now,
        objective=tuning.worth.objective.value,
        value_of_time=tuning.worth.value_of_time,
        rule=tuple(rules),
    )
    if standing is None:
        return proposed if rules else None
    return None if _decides_alike(proposed, standing) else proposed


def _rule(finding: Finding, tuning: Tuning, price_of: PriceOf) -> Rule:
    net, cell = finding.net, finding.cell
    return Rule(
        provider=cell.provider,
        model=cell.model,
        scope_kind=cell.scope_kind,
        size=cell.size,
        predict=finding.predict,
        scope_min_tokens=finding.scope_min_tokens,
        why=reason(finding, tuning.worth),
        requests=finding.requests,
        net_share=None if net is None else round(net.value, 4),
        net_share_low=None if net is None else round(net.low, 4),
        net_share_high=None if net is None else round(net.high, 4),
        usd_per_million_output=price_of(cell),
    )


def _decides_alike(one: PolicyFile, other: PolicyFile) -> bool:
    """Whether two versions make the same decisions, for the same value of time, at the same prices."""

    def terms(policy: PolicyFile) -> object:
        rules = {
            rule.cell: (rule.predict, rule.scope_min_tokens, rule.usd_per_million_output)
            for rule in policy.rule
        }
        return policy.objective, policy.value_of_time, rules

    return terms(one) == terms(other)


def _order(rule: Rule) -> tuple[str, str, str, str]:
    return rule.provider or "", rule.model, rule.scope_kind or "", rule.size or ""
