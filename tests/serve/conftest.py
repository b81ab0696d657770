"""A scripted program and its server, for listeners on real sockets."""

import pytest

from enclave_dns.serve.server import Server
from tests.fakes.scripted_program import ScriptedProgram


@pytest.fixture
def program() -> ScriptedProgram:
    return ScriptedProgram()


@pytest.fixture
async def server(program: ScriptedProgram) -> Server:
    return Server(program)
