"""Replays known edits through the engine in every mode, and computes what each would have cost.

A case is a file before and after a change, and the instruction. The engine runs as it always does, against a
provider that plays a perfect model: it answers with exactly the change of the case, in the requested form.
The arms differ in the scope and form of the request and in the prediction, and so in billed tokens and in time; the
times are modelled (`editsvc.prediction.verifier`), for each preset of how a server may verify predictions.
"""

from editsvc.replay.arms import ARMS, Arm
from editsvc.replay.run import MODEL, CaseResult, Replay, run

__all__ = ["ARMS", "MODEL", "Arm", "CaseResult", "Replay", "run"]
