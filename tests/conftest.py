"""What holds for every test."""

import os
import sys

from hypothesis import HealthCheck, settings

# Thousands of processes are started here, and some environments forbid Python to keep what it has compiled: each
# process would compile all that it imports anew, and each run all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A property holds or does not, however busy the machine is: hypothesis would fail one whose example took 200 ms.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
