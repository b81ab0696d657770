"""The command line: one file per verb, and the only place that prints.

A verb's module is imported when the verb is run, so that `--help` loads argparse and nothing else.
Errors end here: each becomes one line on stderr and an exit code.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from enclave_dns.cli.arguments import parser
from enclave_dns.cli.exit_codes import ERROR, INVALID, USAGE
from enclave_dns.errors import DocumentError, EnclaveDnsError

_MODULES: Final = {"os": "os_dns"}
"""Verbs whose module has another name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    options = parser().parse_args(arguments)
    if not options.verb:
        parser().print_help()
        return USAGE
    module = _MODULES.get(options.verb, options.verb)
    verb = importlib.import_module(f"enclave_dns.cli.{module}")
    try:
        code: int = verb.run(options)
        sys.stdout.flush()
    except DocumentError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return INVALID
    except EnclaveDnsError as error:
        print(f"enclave-dns: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    return code
