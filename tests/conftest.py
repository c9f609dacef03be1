"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A property holds or does not, however busy the machine is: hypothesis would fail one whose example took 200 ms.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")
