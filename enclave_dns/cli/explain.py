"""`enclave-dns explain`: why a sender gets an answer through a gateway, or does not."""

import argparse
import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from ipaddress import ip_address

from enclave_dns.cli.exit_codes import ERROR, OK, USAGE
from enclave_dns.cli.question import read_question
from enclave_dns.config import load_gateway_config, load_organisation
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.validation import did_you_mean


def run(options: argparse.Namespace) -> int:
    """Print the explanation; exit 0 whatever the reply is, 1 for an unknown sender."""
    try:
        question = read_question(options.name, options.type)
    except ValueError as error:
        print(f"enclave-dns explain: {error}", file=sys.stderr)
        return USAGE
    config = load_gateway_config(options.config, os.environ)
    organisation = load_organisation(config.organisation)
    sender = find_sender(organisation, options.sender)
    if sender is None:
        print(_unknown(organisation, options.sender), file=sys.stderr)
        return ERROR
    from enclave_dns.gateway.explain import explain
    from enclave_dns.observe.explanation_text import text_lines

    now = datetime.now(UTC)
    explanation = asyncio.run(explain(config, organisation, sender, question, now))
    if options.json:
        print(json.dumps(explanation.as_json(), indent=2))
    else:
        print("\n".join(text_lines(explanation)))
    return OK


def find_sender(organisation: Organisation, text: str) -> System | None:
    """The system with this id, in any case, or with this virtual address."""
    try:
        return organisation.system_at(ip_address(text).packed)
    except ValueError:
        by_id = (s for s in organisation.systems if s.system_id.lower() == text.lower())
        return next(by_id, None)


def _unknown(organisation: Organisation, text: str) -> str:
    hint = did_you_mean(text, [system.system_id for system in organisation.systems])
    hosts = [s.system_id for s in organisation.systems if text and text == s.hostname]
    if hosts:
        hint = f"that is the host name of {', '.join(hosts)}"
    more = f" ({hint})" if hint else ""
    return f"enclave-dns: {organisation.file} has no system {text!r}{more}"
