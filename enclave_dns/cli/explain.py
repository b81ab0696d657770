"""`enclave-dns explain`: why a sender gets an answer, at its gateway or on its own laptop."""

import argparse
import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from ipaddress import ip_address

from enclave_dns.cli.exit_codes import ERROR, OK, USAGE
from enclave_dns.cli.question import read_question
from enclave_dns.config import GatewayConfig, StubConfig, load_config, load_organisation
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.resolution import Question
from enclave_dns.validation import did_you_mean


def run(options: argparse.Namespace) -> int:
    """Print the explanation; exit 0 whatever the reply is, 1 for an unknown sender."""
    try:
        question = read_question(options.name, options.type)
    except ValueError as error:
        print(f"enclave-dns explain: {error}", file=sys.stderr)
        return USAGE
    config = load_config(options.config, os.environ)
    if isinstance(config, GatewayConfig):
        return _at_gateway(options, question, config)
    if isinstance(config, StubConfig):
        return _at_stub(options, question, config)
    print(f"enclave-dns explain: {options.config} is no configuration", file=sys.stderr)
    return USAGE


def _at_gateway(options: argparse.Namespace, question: Question, config: GatewayConfig) -> int:
    """What a sender gets through this gateway, and why."""
    if not options.sender:
        print("enclave-dns explain: say who asks the gateway: --sender ID", file=sys.stderr)
        return USAGE
    organisation = load_organisation(config.organisation)
    sender = find_sender(organisation, options.sender)
    if sender is None:
        print(unknown_system(organisation, options.sender), file=sys.stderr)
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


def _at_stub(options: argparse.Namespace, question: Question, config: StubConfig) -> int:
    """Which way a question takes on this laptop, and why."""
    if options.sender:
        print("enclave-dns explain: a stub has one sender; leave --sender out", file=sys.stderr)
        return USAGE
    from enclave_dns.observe.way import text_lines
    from enclave_dns.stub.explain import explain

    organisation = load_organisation(config.organisation)
    told = asyncio.run(explain(config, organisation, question, datetime.now(UTC)))
    print(json.dumps(told.as_json(), indent=2) if options.json else "\n".join(text_lines(told)))
    return OK


def find_sender(organisation: Organisation, text: str) -> System | None:
    """The system with this id, in any case, or with this virtual address."""
    try:
        return organisation.system_at(ip_address(text).packed)
    except ValueError:
        by_id = (s for s in organisation.systems if s.system_id.lower() == text.lower())
        return next(by_id, None)


def unknown_system(organisation: Organisation, text: str) -> str:
    """One line for a system that the organisation does not have, with a suggestion."""
    hint = did_you_mean(text, [system.system_id for system in organisation.systems])
    hosts = [s.system_id for s in organisation.systems if text and text == s.hostname]
    if hosts:
        hint = f"that is the host name of {', '.join(hosts)}"
    more = f" ({hint})" if hint else ""
    return f"enclave-dns: {organisation.file} has no system {text!r}{more}"
