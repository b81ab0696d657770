"""The examples in `conf` load, say what they mean to say, and show every key there is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from enclave_dns.config import (
    GatewayConfig,
    StubConfig,
    load_config,
    load_gateway_config,
    load_organisation,
    load_stub_config,
)
from enclave_dns.config.models import GatewayEntry, StubEntry
from enclave_dns.organisation import models, policy_models
from enclave_dns.organisation.advice import warnings
from enclave_dns.organisation.permission import permission
from enclave_dns.validation import decode

CONF = Path(__file__).parent.parent / "conf"
ORGANISATIONS = ["organisation.toml", "organisation.json"]
ENTRIES = [
    entry
    for module in (models, policy_models)
    for entry in vars(module).values()
    if isinstance(entry, type) and issubclass(entry, models.Entry) and entry is not models.Entry
]


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_the_organisations_load_without_a_finding(name: str) -> None:
    found = load_organisation(CONF / name)
    assert warnings(found) == ()
    assert found == load_config(CONF / name, {})


@pytest.mark.parametrize(
    ("sender", "expected"),
    [("KD9Q2", "10.0.0.0/24"), ("P3R7T", "172.16.1.10/31"), ("WZL94", "nothing")],
)
@pytest.mark.parametrize("name", ORGANISATIONS)
def test_the_organisations_permit_what_their_comments_say(
    name: str, sender: str, expected: str
) -> None:
    found = load_organisation(CONF / name)
    who, gateway = found.system(sender), found.system("WZL94")
    assert who is not None
    assert gateway is not None
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    assert str(permission(found, who, gateway, now).ranges) == expected


def test_the_programs_settings_load() -> None:
    gateway = load_gateway_config(CONF / "gateway.toml", {})
    stub = load_stub_config(CONF / "stub.toml", {})
    assert load_config(CONF / "gateway.toml", {}) == gateway
    assert load_config(CONF / "stub.toml", {}) == stub
    found = load_organisation(gateway.organisation)
    assert found.system(gateway.system_id) is not None
    assert found.system(stub.system_id) is not None


def uncommented(text: str) -> str:
    """A TOML text with its settings that are commented out switched on."""
    return re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", text)


@pytest.mark.parametrize(("name", "kind"), [("gateway", GatewayConfig), ("stub", StubConfig)])
def test_what_is_commented_out_is_the_default(
    name: str, kind: type[GatewayConfig] | type[StubConfig], tmp_path: Path
) -> None:
    plain = (CONF / f"{name}.toml").read_text()
    whole = uncommented(plain)
    assert whole != plain
    (tmp_path / f"{name}.toml").write_text(plain)
    before = load_config(tmp_path / f"{name}.toml", {})
    (tmp_path / f"{name}.toml").write_text(whole)
    assert load_config(tmp_path / f"{name}.toml", {}) == before
    assert isinstance(before, kind)


@pytest.mark.parametrize(("name", "model"), [("gateway", GatewayEntry), ("stub", StubEntry)])
def test_the_programs_examples_show_exactly_the_keys_there_are(
    name: str, model: type[BaseModel]
) -> None:
    text = uncommented((CONF / f"{name}.toml").read_text())
    assert decode(text.encode(), f"{name}.toml").keys() == model.model_fields.keys()


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_organisations_show_every_key(entry: type[BaseModel]) -> None:
    toml = (CONF / "organisation.toml").read_text()
    document = (CONF / "organisation.json").read_text()
    for name, field in entry.model_fields.items():
        assert re.search(rf"(?<![\w.]){name}( =|\]\])", toml), f"{name} is not in the TOML example"
        aliases = getattr(field.validation_alias, "choices", [to_camel(name)])
        assert any(f'"{alias}":' in document for alias in aliases), f"{name} is not in the JSON"
