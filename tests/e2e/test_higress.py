"""`make higress`: the plugin as Higress takes it, against what its published plugins have (tests/data/higress-plugins.json)."""

import copy
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

import jsonschema
import pytest
import yaml

from gateway import stacks

PUBLISHED = json.loads((stacks.ROOT / "tests" / "data" / "higress-plugins.json").read_text(encoding="utf-8"))
TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("higress")
    done = subprocess.run([sys.executable, stacks.ROOT / "scripts" / "higress.py", stacks.WASM, directory],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def served(made):
    """The folder of the one version of the one plugin."""
    (name,) = (made / "plugins").iterdir()
    (version,) = name.iterdir()
    return version


class Wasm:
    """What a module imports and exports, functions by their types."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 8
        types, functions, self.imports, self.exports = [], [], {}, {}
        while self.at < len(data):
            kind, size = self.byte(), self.number()
            end = self.at + size
            if kind in (1, 2, 3, 7):
                for _ in range(self.number()):
                    if kind == 1:
                        assert self.byte() == 0x60
                        types.append([[TYPES[self.byte()] for _ in range(self.number())] for _ in range(2)])
                    elif kind == 2:
                        module, name, what, index = self.name(), self.name(), self.byte(), self.number()
                        assert what == 0
                        functions.append(index)
                        self.imports[name] = module
                    elif kind == 3:
                        functions.append(self.number())
                    else:
                        name, what, index = self.name(), self.byte(), self.number()
                        if what == 0:
                            self.exports[name] = types[functions[index]]
            self.at = end

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        value = shift = 0
        while (byte := self.byte()) >= 0x80:
            value, shift = value | (byte & 0x7F) << shift, shift + 7
        return value | byte << shift

    def name(self) -> str:
        size = self.number()
        self.at += size
        return self.data[self.at - size : self.at].decode()


def test_a_plugin_server_finds_the_files(served):
    assert (served.parent.name, sorted(each.name for each in served.iterdir())) == ("tiergate", PUBLISHED["files"])


def test_the_metadata(served):
    told = dict(line.split(": ", 1) for line in (served / "metadata.txt").read_text().splitlines())
    assert list(told) == PUBLISHED["metadata"]
    module = (served / "plugin.wasm").read_bytes()
    assert told["Plugin Name"] == "tiergate"
    assert told["Size"] == f"{len(module)} bytes"
    assert told["MD5"] == hashlib.md5(module).hexdigest()


def test_the_module_looks_like_a_published_one(served):
    """Every function that all of them export has the same types here, and Higress offers what this one imports."""
    wasm = Wasm((served / "plugin.wasm").read_bytes())
    expected = {name: kind for name, kind in PUBLISHED["exports"].items() if name != "proxy_on_redis_call_response"}
    assert "proxy_abi_version_0_2_100" in expected
    assert {name: wasm.exports.get(name) for name in expected} == expected
    assert "proxy_abi_version_0_2_1" not in wasm.exports
    offered = set(PUBLISHED["host"]) | set(PUBLISHED["wasi"])
    assert set(wasm.imports) <= offered
    assert len(wasm.imports) > 20


def test_the_image_ends_with_the_module(made, served):
    (archive,) = made.glob("*.oci.tar")
    with tarfile.open(archive) as files:
        def blob(digest: str) -> bytes:
            content = files.extractfile(f"blobs/{digest.replace(':', '/')}").read()
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
            return content

        (entry,) = json.load(files.extractfile("index.json"))["manifests"]
        layers = json.loads(blob(entry["digest"]))["layers"]
        assert [each["mediaType"] for each in layers] == [
            "application/vnd.module.wasm.spec.v1+yaml", "application/vnd.module.wasm.doc.v1+markdown",
            "application/vnd.oci.image.layer.v1.tar+gzip"]
        assert blob(layers[0]["digest"]) == (made / "spec.yaml").read_bytes()
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layers[-1]["digest"])))) as layer:
            (member,) = layer.getmembers()
            assert member.name == "plugin.wasm"
            assert layer.extractfile(member).read() == (served / "plugin.wasm").read_bytes()


def test_the_console_can_check_a_document(made):
    """The schema in spec.yaml stands alone, and says of a document what tiergate's own says."""
    spec = yaml.safe_load((made / "spec.yaml").read_text(encoding="utf-8"))
    plugin = yaml.safe_load((stacks.ROOT / "examples" / "higress" / "wasmplugin.yaml").read_text(encoding="utf-8"))["spec"]
    assert (spec["spec"]["phase"], spec["spec"]["priority"]) == (plugin["phase"], plugin["priority"])
    schema = spec["spec"]["configSchema"]["openAPIV3Schema"]
    assert "$ref" not in json.dumps(schema)
    own = json.loads((stacks.ROOT / "src" / "core" / "config" / "tiergate.schema.json").read_text(encoding="utf-8"))
    good = plugin["defaultConfig"]
    assert good == schema["example"]
    wrong = []
    for path, value in ((["tiers"], 7), (["tier"], {}), (["headers", "model_as"], "x"), (["baseline"], 1),
                        (["_rules_"], [])):
        wrong.append(copy.deepcopy(good))
        place = wrong[-1]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    # OpenAPI's exclusiveMinimum is a truth value, which JSON Schema's draft 4 shares.
    for told, checker in ((schema, jsonschema.Draft4Validator), (own, jsonschema.Draft202012Validator)):
        assert checker(told).is_valid(good)
        assert not any(checker(told).is_valid(each) for each in wrong)
