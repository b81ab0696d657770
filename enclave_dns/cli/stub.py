"""`enclave-dns stub`: run a stub in the foreground.

`ENCLAVE_STUB_RESOLVER` is the switch that Enclave's own agent has: where it is `disabled`, `false`,
`0` or `off`, in any case, nothing is served, one line says so, and the exit code is 0.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Final

from enclave_dns.cli.daemon import overrides, run_daemon
from enclave_dns.cli.exit_codes import OK
from enclave_dns.config import load_stub_config
from enclave_dns.observe.logs import configure

SWITCH: Final = "ENCLAVE_STUB_RESOLVER"
_OFF: Final = frozenset(("disabled", "false", "0", "off"))


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM; the ready line goes to stdout, logs to stderr."""
    if is_switched_off(os.environ):
        print(f"enclave-dns stub: not served: {SWITCH} is {os.environ[SWITCH]}", file=sys.stderr)
        return OK
    config = load_stub_config(options.config, os.environ, overrides(options))
    configure(config.log_level, is_json=options.json)
    from enclave_dns.stub.program import StubProgram

    run_daemon(StubProgram(config).run)
    return OK


def is_switched_off(environment: Mapping[str, str]) -> bool:
    """Whether the environment says that this machine is to have no stub."""
    return environment.get(SWITCH, "").strip().lower() in _OFF
