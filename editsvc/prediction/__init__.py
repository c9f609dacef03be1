"""Predictions: their candidates, the policy that sends them, and a model of their verification."""
