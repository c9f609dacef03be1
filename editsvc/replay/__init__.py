"""Known edits through the engine in every way it knows, and what each would have cost.

A case is a file before and after a change, and the instruction. The engine runs as it always does, against a
provider that plays a perfect model: it answers with exactly the change that the case holds, in the form that it
is asked for. What differs between the arms is what is asked, what is predicted, and so what is billed and how
long it takes; the times are modelled (`editsvc.prediction.verifier`), for each way in which a server may verify
predictions.
"""

from editsvc.replay.arms import ARMS, Arm
from editsvc.replay.run import CaseResult, Replay, run

__all__ = ["ARMS", "Arm", "CaseResult", "Replay", "run"]
