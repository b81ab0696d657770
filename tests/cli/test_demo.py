"""`enclave-dns demo`: the story is told, and a wrong one is noticed."""

import argparse
import json
import sys
from dataclasses import replace

import pytest

from enclave_dns.cli import demo
from enclave_dns.cli.demo_story import SCENES
from enclave_dns.errors import EnvironmentFault
from tests.fakes.processes import run

AS_JSON = argparse.Namespace(once=True, json=True)


def test_the_story_as_json() -> None:
    done = run("demo", "--once", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["schema"] == 1
    assert told["hidden_and_absent_are_the_same"] is True
    assert [(scene["name"], scene["right"]) for scene in told["scenes"]] == [
        (scene.name, True) for scene in SCENES
    ]


def test_the_story_as_a_table_ends_by_itself_where_nobody_is_there_to_try_it() -> None:
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    for scene in SCENES:
        assert scene.name in done.stdout
        assert scene.why in done.stdout
    assert "the same, byte for byte" in done.stdout
    assert "dig @127.0.0.1 -p " in done.stdout
    assert "enclave-dns explain files.corp.net --sender C8XTR -c " in done.stdout
    assert "WRONG" not in done.stdout


@pytest.fixture
def _one_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not asked need not be started."""
    monkeypatch.setattr(demo, "_LAPTOPS", {"developer": demo._LAPTOPS["developer"]})


@pytest.mark.usefixtures("_one_laptop")
def test_replies_that_are_not_the_storys_are_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = SCENES[0]
    wrong = (
        replace(right, data=("10.0.0.99",)),
        replace(right, data=()),
        replace(right, data=("10.0.0.30", "10.0.0.31")),
        replace(right, rcode="REFUSED", data=()),
        replace(right, rcode="REFUSED"),
    )
    monkeypatch.setattr(demo, "SCENES", (right, *wrong))
    assert demo.run(AS_JSON) == 1
    told = json.loads(capsys.readouterr().out)["scenes"]
    assert [scene["right"] for scene in told] == [True, *[False] * len(wrong)]
    assert {tuple(scene["heard"]["data"]) for scene in told} == {("10.0.0.30",)}


@pytest.mark.usefixtures("_one_laptop")
def test_a_hidden_name_that_shows_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "SCENES", ())
    monkeypatch.setattr(demo, "HIDDEN", "files.corp.net")
    assert demo.run(AS_JSON) == 1
    assert json.loads(capsys.readouterr().out)["hidden_and_absent_are_the_same"] is False


def test_a_wrong_reply_is_marked_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    right = demo.Heard(SCENES[0], "NOERROR", ("10.0.0.30",))
    silent = demo.Heard(SCENES[1], "(silence)", ())
    demo._tell([right, silent], False, bytes(10))
    said = capsys.readouterr().out
    (marked,) = [line for line in said.splitlines() if "WRONG" in line]
    assert "(silence)" in marked
    assert marked.endswith("the story says NOERROR 10.0.0.30")
    assert "DIFFERENT" in said


def test_a_program_that_does_not_start_ends_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "GATEWAY", "192.0.2.70")
    with pytest.raises(EnvironmentFault, match="the gateway of the demo did not start"):
        demo.run(AS_JSON)


def test_without_dnslib_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "enclave_dns.cli.demo_office", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'enclave-dns\[demo\]'"):
        demo.run(AS_JSON)
