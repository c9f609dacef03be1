"""The value of predictions: numbers from the token log, with confidence intervals."""

from editsvc.report.aggregate import aggregate, read
from editsvc.report.model import Report
from editsvc.report.serialise import to_json
from editsvc.report.since import parse_since

__all__ = ["Report", "aggregate", "parse_since", "read", "to_json"]
