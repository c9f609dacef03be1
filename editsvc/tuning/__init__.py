"""Tuning: from the token log to the policy that decides whether a prediction is sent."""

from typing import Final

POLICY_FILE: Final = "policy.toml"
"""The name of what was learned, in the data folder."""

VERIFICATION_FILE: Final = "verification.json"
"""The name of what is known of servers, in the data folder."""

TUNINGS_FILE: Final = "tunings.json"
"""The name of what was tuned when, and why, in the data folder."""
