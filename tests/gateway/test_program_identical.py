"""Identical questions at once: one question to the nameserver, whoever asks and however many."""

import asyncio
from pathlib import Path

from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import DEVELOPER, document, gateway_program, running

SENDERS = [f"127.100.64.{number}" for number in range(20, 30)]
SYSTEMS = "".join(
    f'[[systems]]\nsystem_id = "S{at[-2:]}"\nvirtual_address = "{at}"\ntags = ["developers"]\n'
    for at in SENDERS
)
WITH_SENDERS = document().replace("[[policies]]", SYSTEMS + "[[policies]]", 1)


async def test_a_thousand_identical_questions_of_ten_senders_are_one_to_the_nameserver(
    tmp_path: Path,
) -> None:
    async with FakeNameserver(zone("db.corp.net 60 A 10.0.0.30")) as nameserver:
        program = gateway_program(tmp_path / "a", [nameserver], organisation=WITH_SENDERS)
        async with running(program, tmp_path) as gateway:
            heard = await asyncio.gather(
                *(gateway.client(at).hears("db.corp.net") for at in SENDERS for _ in range(100))
            )
            assert set(heard) == {"NOERROR 10.0.0.30"}
            assert nameserver.questions == [("udp", "db.corp.net", "A")]
            assert await gateway.client(DEVELOPER).hears("db.corp.net") == heard[0]
