"""`tiergate push`: another document in a running Envoy, without a restart, and a wrong one in none."""

import json
import subprocess
import threading
import time

import pytest

import dynamic
from gateway import stacks
from momentum import Running

ONE, TWO = "gpt-5.4-nano", "gpt-5.4-mini"
FOLDER = stacks.ROOT / "envoy" / "dynamic"


def document(model: str) -> dict:
    return {"default_cluster": "litellm", "headers": {"response": "full"}, "fallbacks": {"enabled": True},
            "tiers": {tier: model for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")}}


class Pushed(Running):
    """An Envoy that takes the filter from files."""

    def __init__(self, gateway, command, directory):
        self.command, self.folder = command, directory / "dynamic"
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(),
                                  litellm_port=gateway.litellm_port, signals_port=stacks.free_port())
        stacks.set_tiergate_configuration(stacks.listener(envoy), document(ONE))
        dynamic.write(envoy, self.folder, self.folder)
        super().__init__(directory, stacks.load_yaml(self.folder / "envoy.yaml"), workers=2)

    def push(self, what: str, ending: str = "json") -> subprocess.CompletedProcess:
        source = self.folder.parent / f"next.{ending}"
        source.write_text(what)
        return subprocess.run([self.command, "push", source, "--to", self.folder], capture_output=True, text=True,
                              timeout=60)

    def files(self) -> list[str]:
        return [(self.folder / name).read_text() for name in ("router.json", "attempt.json")]


@pytest.fixture(scope="module")
def shared(gateway, command, tmp_path_factory):
    with Pushed(gateway, command, tmp_path_factory.mktemp("push")) as running:
        yield running


@pytest.fixture
def pushed(shared):
    done = shared.push(json.dumps(document(ONE)))
    assert done.returncode == 0, done.stderr
    shared.settled(ONE)
    return shared


class Load:
    """Requests without a pause from a few threads: when each was sent, its status and its model."""

    def __init__(self, running: Running):
        self.running, self.going, self.answers = running, True, []
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(3)]

    def run(self) -> None:
        while self.going:
            sent = time.monotonic()
            answer = self.running.post()
            self.answers.append((sent, answer.status_code, answer.headers.get("x-tiergate-model")))

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.going = False
        for each in self.threads:
            each.join(60)


def test_another_document_is_in_use_within_seconds_and_no_request_is_lost(pushed):
    with Load(pushed) as load:
        stacks.wait_until(lambda: len(load.answers) > 20, 60, "requests are answered")
        done = pushed.push(json.dumps(document(TWO)))
        pushed_at = time.monotonic()
        assert done.returncode == 0, done.stderr
        pushed.settled(TWO)
        took = time.monotonic() - pushed_at
        behind = len(load.answers)
        stacks.wait_until(lambda: len(load.answers) > behind + 20, 60, "more requests are answered")
    assert {status for _, status, _ in load.answers} == {200}
    assert {model for _, _, model in load.answers} == {ONE, TWO}
    late = [model for sent, _, model in load.answers if sent > pushed_at + took]
    assert set(late) == {TWO}
    assert took < 15, took
    assert pushed.deaths() == 0
    assert '"position": "attempt"' in pushed.files()[1] and TWO in pushed.files()[1]


@pytest.mark.parametrize(("what", "told"), [
    (json.dumps(document(TWO) | {"tires": {}}), "tires: unknown key"),
    (json.dumps(document(TWO) | {"tiers": {"SIMPLE": 3}}), "tiers.SIMPLE"),
    ("{", "EOF"),
    ("[]", "give an object"),
    (json.dumps(document(TWO) | {"position": "attempt"}), "position: attempt is not for router.json"),
    ('{"position": "console", "console": {}}', "position: console is not for router.json"),
])
def test_a_wrong_document_is_refused_and_changes_nothing(pushed, what, told):
    before = pushed.files()
    done = pushed.push(what)
    assert done.returncode == 1
    assert told in done.stderr
    assert pushed.files() == before
    assert pushed.ask()[0] == ONE


def test_envoy_itself_keeps_the_old_document_when_a_wrong_one_comes_past_the_command(pushed):
    path = pushed.folder / "router.json"
    content = json.loads(path.read_text())
    content["resources"][0]["typed_config"]["config"]["configuration"]["value"]["tiers"] = {"SIMPLE": 3}
    content["version_info"] = "wrong"
    refused = "Filesystem config update rejected"
    before = pushed.envoy.log.read_text().count(refused)
    stacks.replace(path, json.dumps(content))
    stacks.wait_until(lambda: pushed.envoy.log.read_text().count(refused) > before, 20, "Envoy refuses it")
    assert [pushed.ask()[0] for _ in range(8)] == [ONE] * 8


def test_yaml_is_taken_and_the_same_document_changes_nothing(pushed):
    import yaml

    done = pushed.push(yaml.safe_dump(document(TWO)), ending="yaml")
    assert done.returncode == 0, done.stderr
    pushed.settled(TWO)
    before = pushed.files()
    done = pushed.push(json.dumps(document(TWO)))
    assert (done.returncode, pushed.files()) == (0, before)
    assert "nothing changes" in done.stdout


def test_the_shipped_files_are_those_of_the_shipped_configuration(tmp_path):
    dynamic.write(stacks.load_yaml(stacks.PRODUCTION), tmp_path, dynamic.Path("envoy/dynamic"))
    for name in ("envoy.yaml", "router.json", "attempt.json", "tiergate.json"):
        made, shipped = ((folder / name) for folder in (tmp_path, FOLDER))
        assert stacks.load_yaml(made) == stacks.load_yaml(shipped), f"{name}: run `make docs`"
