"""What `make draft` leaves: that it is whole, is of one version, and says what the module is made of."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from gateway import stacks

ROOT = stacks.ROOT
MANIFEST = tomllib.loads((ROOT / "Cargo.toml").read_text())
PACKAGE = MANIFEST["package"]
VERSION = MANIFEST["workspace"]["package"]["version"]
OWN = {("tiergate", VERSION), ("tiergate-core", VERSION), ("tiergate-filter", VERSION)}
CYCLONEDX = os.environ.get("TIERGATE_CYCLONEDX") or str(ROOT / ".tools" / "bin" / "cargo-cyclonedx")


def lines(*command: str) -> list[str]:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120).stdout.splitlines()


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    if not shutil.which(CYCLONEDX):
        pytest.skip("no cargo-cyclonedx in .tools: `make draft` installs it")
    made = tmp_path_factory.mktemp("release")
    done = subprocess.run([ROOT / "scripts" / "release.sh", "--draft", made], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_every_file_is_in_the_checksums_and_every_checksum_is_right(draft):
    sums = dict(reversed(line.split("  ")) for line in (draft / "SHA256SUMS").read_text().splitlines())
    assert sums.keys() | {"SHA256SUMS"} == {path.name for path in draft.iterdir()}
    for name, expected in sums.items():
        assert hashlib.sha256((draft / name).read_bytes()).hexdigest() == expected, name


def test_the_provenance_names_the_commit_and_each_file_with_its_digest(tmp_path):
    (tmp_path / "a").write_text("1")
    made = "\n".join(lines(sys.executable, ROOT / "scripts" / "provenance.py", tmp_path, "a"))
    told = json.loads(made)
    assert told["subject"] == [{"name": "a", "digest": {"sha256": hashlib.sha256(b"1").hexdigest()}}]
    (head,) = lines("git", "rev-parse", "HEAD")
    assert told["predicate"]["buildDefinition"]["resolvedDependencies"][0]["digest"] == {"gitCommit": head}
    assert str(ROOT) not in made


def test_the_chart_is_of_the_version():
    chart = (ROOT / "deploy" / "helm" / "tiergate" / "Chart.yaml").read_text()
    assert re.findall(r"^(?:version|appVersion): (\S+)$", chart, re.M) == [VERSION, VERSION]
    values = (ROOT / "deploy" / "helm" / "tiergate" / "values.yaml").read_text()
    assert re.findall(r"registry\.example/tiergate:(\S+)", values) == [VERSION]


def test_the_module_is_the_one_that_is_tested(draft):
    assert (draft / "tiergate.wasm").read_bytes() == stacks.WASM.read_bytes()


def test_the_module_names_no_place_of_the_machine_that_built_it(draft):
    module = (draft / "tiergate.wasm").read_bytes()
    assert b"crates/proxy-wasm" in module  # such names are there, and short
    for place in (str(ROOT), os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")):
        assert place.encode() not in module


def test_the_schema_is_the_one_that_the_module_checks_with(draft):
    assert (draft / "tiergate.schema.json").read_text() == (ROOT / "src/core/config/tiergate.schema.json").read_text()


def linked() -> set[tuple[str, str]]:
    tree = lines("cargo", "tree", "--locked", "--package", "tiergate", "--target", "wasm32-wasip1", "--edges",
                 "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    return {(name, version[1:]) for name, version, *_ in map(str.split, tree)} - OWN


def test_the_bill_of_materials_has_all_that_is_linked(draft):
    text = (draft / "tiergate.cdx.json").read_text()
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    main = bill["metadata"]["component"]
    assert (main["name"], main["version"]) == ("tiergate", VERSION)
    components = {(each["name"], each["version"]): each for each in bill["components"]}
    assert OWN - {("tiergate", VERSION)} <= components.keys()
    assert linked() <= components.keys()
    locked = {(each["name"], each["version"]): each.get("checksum")
              for each in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for key, each in components.items():
        if key in OWN:
            continue
        assert each["purl"].startswith(f"pkg:cargo/{key[0]}@{key[1]}")
        assert [entry["content"] for entry in each["hashes"]] == [locked[key]], key
        assert each["licenses"], key
    assert str(ROOT) not in text


def test_the_licences_are_those_of_all_that_is_linked(draft):
    text = (draft / "THIRD-PARTY.txt").read_text()
    listed = dict.fromkeys(tuple(line.split()[:2]) for line in text.split("-" * 100)[0].splitlines()
                           if re.match(r"\S+ \d+\.\d+\.\d+", line))
    assert listed.keys() == linked()
    for name, version in listed:
        assert f"{name} {version}: " in text, f"no text of {name}'s licence"


@pytest.mark.parametrize(("expression", "licence"), [
    ("MIT OR Apache-2.0", "Apache-2.0"), ("Unlicense/MIT", "MIT"), ("Zlib", "Zlib"),
    ("(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 AND Unicode-3.0"),
    ("GPL-3.0-only", None), ("MIT AND GPL-3.0-only", None), ("LicenseRef-Own", None), (None, None),
])
def test_which_licences_are_accepted(expression, licence):
    sys.path.insert(0, str(ROOT / "scripts"))
    from licences import chosen
    assert chosen(expression) == licence


def test_a_release_is_of_a_tree_without_changes(tmp_path):
    """In a copy: one change that nobody committed is enough."""
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", tmp_path / "copy"], check=True, timeout=120)
    (tmp_path / "copy" / "more.txt").write_text("x")
    shutil.copy(ROOT / "scripts" / "release.sh", tmp_path / "copy" / "scripts" / "release.sh")
    done = subprocess.run([tmp_path / "copy" / "scripts" / "release.sh", tmp_path / "out"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1
    assert "has changes" in done.stderr
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------------------------------------- one version


def test_the_changelog_begins_with_the_version():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert re.fullmatch(rf"{re.escape(VERSION)} \((unreleased|\d{{4}}-\d\d-\d\d)\)", headings[0])


def test_images_in_the_examples_are_of_the_version():
    named = [found for path in (ROOT / "examples").rglob("*.yaml")
             for found in re.findall(r"registry\.example\.com/tiergate[\w-]*:(\S+)", path.read_text())]
    assert len(named) == 4
    assert set(named) == {VERSION}


def test_the_lock_file_has_the_version():
    (own,) = [each for each in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"] if each["name"] == "tiergate"]
    assert own["version"] == VERSION


def test_what_cargo_packs_is_what_the_crate_needs():
    packed = set(lines("cargo", "package", "--list", "--allow-dirty", "--package", "tiergate"))
    assert {"Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "CHANGELOG.md", "src/lib.rs", "src/main.rs",
            "docs/configuration.md"} <= packed
    core = set(lines("cargo", "package", "--list", "--allow-dirty", "--package", "tiergate-core"))
    assert {"Cargo.toml", "lib.rs", "config/tiergate.schema.json", "score/weights.tsv", "ask/markers.tsv"} <= core
    # What `tiergate up` makes its configuration of is a link in the tree, and a file in the package.
    command = set(lines("cargo", "package", "--list", "--allow-dirty", "--package", "tiergate-cli"))
    assert {"lib.rs", "up/mod.rs", "up/template.yaml"} <= command
    assert not [name for name in packed if name.startswith(("tests/", "examples/", "envoy/", "scripts/", ".ci/"))]


def test_the_package_says_what_registries_ask_for():
    for key in ("description", "license", "readme", "keywords", "categories", "rust-version"):
        assert PACKAGE[key]
    assert MANIFEST["workspace"]["package"]["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]
