"""Where something was measured."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """One line about this machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.machine()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} x {cpu}, {platform.system()} {platform.release()}, {python}"
