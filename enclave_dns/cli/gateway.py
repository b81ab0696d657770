"""`enclave-dns gateway`: run a gateway in the foreground."""

import argparse
import os

from enclave_dns.cli.daemon import overrides, run_daemon
from enclave_dns.cli.exit_codes import OK
from enclave_dns.config import load_gateway_config
from enclave_dns.observe.logs import configure


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM; the ready line goes to stdout, logs to stderr."""
    config = load_gateway_config(options.config, os.environ, overrides(options))
    configure(config.log_level, is_json=options.json)
    # "auto" is one for each processor that we may use.
    workers = config.workers or len(os.sched_getaffinity(0))
    if workers > 1:
        from enclave_dns.gateway.parent import GatewayParent

        run_daemon(GatewayParent(config, workers, is_json=options.json).run)
    else:
        from enclave_dns.gateway.program import GatewayProgram

        run_daemon(GatewayProgram(config).run)
    return OK
