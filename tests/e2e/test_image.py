"""`make image`: the image is opened again and compared with the module, and built twice."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile

import pytest

from gateway import stacks

CARGO = (stacks.ROOT / "Cargo.toml").read_text()
VERSION = re.search(r'^version = "(.+)"$', CARGO, re.M)[1]

pytestmark = pytest.mark.skipif(not shutil.which("buildah"), reason="no buildah here")


def build(archive) -> str:
    """Builds the image; gives its digest."""
    done = subprocess.run([stacks.ROOT / "scripts" / "image.sh", stacks.WASM, archive], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    return archive.with_name(f"{archive.name}.digest").read_text()


def blob(archive: tarfile.TarFile, digest: str) -> bytes:
    """What is stored under a digest, which it has to have."""
    kind, value = digest.split(":")
    content = archive.extractfile(f"blobs/{kind}/{value}").read()
    assert hashlib.new(kind, content).hexdigest() == value
    return content


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "image.tar"
    return path, build(path)


@pytest.fixture
def image(built):
    """The archive, the manifest and the configuration."""
    path, digest = built
    with tarfile.open(path) as archive:
        index = json.load(archive.extractfile("index.json"))
        (entry,) = index["manifests"]
        assert entry["digest"] == digest
        manifest = json.loads(blob(archive, digest))
        yield archive, manifest, json.loads(blob(archive, manifest["config"]["digest"]))


def test_its_one_layer_has_the_module_and_nothing_else(image):
    archive, manifest, _ = image
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"
    with tarfile.open(fileobj=io.BytesIO(blob(archive, layer["digest"])), mode="r:gz") as files:
        (member,) = files.getmembers()
        assert (member.name, member.isfile(), member.mode & 0o7777) == ("plugin.wasm", True, 0o644)
        assert files.extractfile(member).read() == stacks.WASM.read_bytes()


def test_it_says_what_it_is(image):
    _, manifest, configuration = image
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    labels = configuration["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.title"] == "tiergate"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    clean = not subprocess.run(["git", "status", "--porcelain"], cwd=stacks.ROOT, capture_output=True, text=True).stdout
    assert ("org.opencontainers.image.revision" in labels) is clean


def test_two_builds_have_one_digest(built, tmp_path):
    assert build(tmp_path / "again.tar") == built[1]


def test_another_module_is_another_image(built, tmp_path):
    other = tmp_path / "other.wasm"
    other.write_bytes(stacks.WASM.read_bytes() + b"\0\1\0")
    done = subprocess.run([stacks.ROOT / "scripts" / "image.sh", other, tmp_path / "other.tar"], capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert built[1] not in done.stdout


def test_without_a_module_there_is_no_image(tmp_path):
    command = [stacks.ROOT / "scripts" / "image.sh", tmp_path / "none.wasm", tmp_path / "none.tar"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "make wasm" in done.stderr
    assert not (tmp_path / "none.tar").exists()
