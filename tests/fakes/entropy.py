"""The bytes that hypothesis makes worlds of, and how long it may take over them."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.fakes.choices import SIZE

ENTROPY = st.binary(min_size=SIZE, max_size=SIZE)
UNHURRIED = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    print_blob=True,
)
