"""`enclave-dns query`: ask a DNS server one question and show its reply, whatever it is."""

import argparse
import json
import sys

from enclave_dns.cli.exit_codes import ERROR, OK, USAGE
from enclave_dns.cli.question import read_question
from enclave_dns.errors import EnvironmentFault


def run(options: argparse.Namespace) -> int:
    """Print the reply; exit 0 for any reply, 1 where none came."""
    from enclave_dns.cli.asking import ask, read_asking, reply_json, reply_lines

    try:
        question = read_question(options.name, options.type)
        asking = read_asking(
            question, options.server, options.source, options.timeout, is_tcp=options.tcp
        )
    except ValueError as error:
        print(f"enclave-dns query: {error}", file=sys.stderr)
        return USAGE
    try:
        answered = ask(asking)
    except EnvironmentFault as error:
        print(f"enclave-dns query: {error}", file=sys.stderr)
        return ERROR
    if options.json:
        print(json.dumps(reply_json(answered), indent=2))
    else:
        print("\n".join(reply_lines(answered)))
    return OK
