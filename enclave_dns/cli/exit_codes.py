"""What the exit code says."""

from typing import Final

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
NOT_RUNNING: Final = 3
INVALID: Final = 5
"""A configuration or organisation cannot be used."""
