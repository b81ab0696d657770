"""Fifty packets of junk in front of every honest answer: is every query answered, and correctly?

    python -m tests.benchmarks.junk [--count 10000]

The nameserver is a process of its own (junk_upstream.py); what asks are the real `Nameservers`.
Every junk packet that could be read holds a wrong address. Exits with 1 where a query has no
answer, or a wrong one.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from enclave_dns.resolution import Outcome, Question
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.benchmarks.junk_upstream import JUNK, address_of
from tests.fakes import begun
from tests.fakes.processes import ROOT, environment

COUNT = 10_000
AT_ONCE = 8


def main() -> int:
    """Ask all, print how many were answered correctly; 1 where that is not each of them."""
    parser = argparse.ArgumentParser(description="Junk in front of every answer.")
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    before = time.monotonic()
    with nameserver() as port:
        results = asyncio.run(asked(port, options.count))
    took = time.monotonic() - before
    correct = results["correct"]
    print(
        f"{JUNK} junk packets before each answer: {correct:,} of {options.count:,} queries"
        f" answered correctly   bar all   ({took:.0f} s)"
    )
    if correct != options.count:
        print(f"not correct: {dict(results)}", file=sys.stderr)
        return 1
    return 0


async def asked(port: int, count: int) -> Counter[str]:
    """What became of so many queries, each for a name of its own."""
    results: Counter[str] = Counter()
    numbers = iter(range(count))
    nameservers = Nameservers(Selected((Nameserver("127.0.0.1", port=port),)))

    async def ask() -> None:
        for number in numbers:
            question = Question(from_text(f"host{number}.corp.net"), RRType.A)
            found = await begun.look_up(nameservers, question)
            if found.outcome is not Outcome.ANSWER:
                results[found.outcome.value] += 1
            else:
                addresses = [record.rdata for record in found.rrset]
                is_right = addresses == [address_of(number)]
                results["correct" if is_right else "wrong"] += 1

    try:
        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    finally:
        await nameservers.close()
    return results


@contextmanager
def nameserver() -> Iterator[int]:
    """The nameserver's process; gives its port."""
    command = [sys.executable, "-m", "tests.benchmarks.junk_upstream"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
