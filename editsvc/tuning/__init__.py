"""Tuning: from the token log to the policy that decides whether a prediction is sent."""
