"""Every document: links lead somewhere, commands that are told exist, and configurations that are shown are right."""

import json
import re
import subprocess
import textwrap
from pathlib import Path

import pytest
import yaml

from gateway import stacks

ROOT = stacks.ROOT
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
NEW = subprocess.run(["git", "ls-files", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True,
                     text=True).stdout.splitlines()
FILES = {name for name in TRACKED + NEW if (ROOT / name).exists()}
# Documents that others name already. Who writes one may take it out here.
PROMISED = {"docs/quality.md"}
FOLDERS = {str(parent) for name in FILES for parent in Path(name).parents}
DOCUMENTS = sorted(name for name in FILES if name.endswith(".md"))
# Where commands are told besides.
COMMENTED = sorted(name for name in FILES if name.startswith(("envoy/", "examples/", "scripts/", "research/")) or name in {
    "Makefile", "Containerfile", "requirements.in"})
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SCHEMA = json.loads((ROOT / "src/core/config/tiergate.schema.json").read_text())


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def anchors(name: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(name)), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def code(name: str) -> list[str]:
    """What a document shows as code: blocks, indented lines, and code in lines."""
    text = text_of(name)
    rest = FENCE.sub("", text)
    blocks = [textwrap.dedent(block) for _, _, block in FENCE.findall(text)]
    return blocks + re.findall(r"^(?: {4,}|\t)(\S.*)$", rest, re.M) + INLINE.findall(rest)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    wrong = []
    for target in LINK.findall(FENCE.sub("", text_of(name))):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / name).parent / path if path else ROOT / name
        relative = str(place.resolve().relative_to(ROOT))
        if relative in PROMISED - FILES:
            continue
        if relative not in FILES | FOLDERS or (anchor and anchor not in anchors(relative)):
            wrong.append(target)
    assert wrong == []


def test_every_document_is_reached_from_the_readme():
    seen, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for target in LINK.findall(FENCE.sub("", text_of(name))):
            place = ((ROOT / name).parent / target.partition("#")[0]).resolve()
            if place.suffix == ".md" and place.is_relative_to(ROOT):
                waiting += {str(place.relative_to(ROOT))} & FILES - seen
    assert {name for name in DOCUMENTS if name.startswith("docs/") or name.startswith("examples/")} - seen == set()


PAGES = [name for name in DOCUMENTS if name.startswith("docs/")]


def test_the_table_of_contents_has_each_page_once():
    listed = [f"docs/{target}" for target in LINK.findall(text_of("docs/SUMMARY.md"))]
    assert sorted(listed) == sorted(set(PAGES) - {"docs/SUMMARY.md"})


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_what_it_is_for_and_for_whom(name):
    title, first, *_ = text_of(name).split("\n\n")
    assert title.startswith("# ") and first.startswith("This page "), first
    assert " for " in first


TARGETS = set(re.findall(r"^([\w-]+(?: [\w-]+)*):(?!=)", text_of("Makefile"), re.M))
TARGETS = {target for line in TARGETS for target in line.split()}


@pytest.mark.parametrize("name", DOCUMENTS + COMMENTED)
def test_targets_of_make_are_there(name):
    shown = code(name) if name.endswith(".md") else re.findall(r"`([^`\n]+)`|^\W*(make .+)$", text_of(name), re.M)
    told = [found for each in shown
            for found in re.findall(r"(?:^|&& )make ((?:[a-z][\w-]*(?:\s+|$))+)", "".join(each), re.M)]
    assert {word for each in told for word in each.split()} - TARGETS == set()


# A path in code: it has a slash, and its first part is a folder of the tree.
PATH = re.compile(r"(?<![\w./~$-])((?:%s)/[\w./*{}-]*[\w*/}])(?![\w/])" % "|".join(
    sorted({name.split("/")[0] for name in FILES if "/" in name and not name.startswith(".")} | {r"\.ci"})))


def is_there(path: str) -> bool:
    if any(each in path for each in "*{"):
        pattern = re.sub(r"\{[^}]*\}", "*", path)
        return any(Path(name).match(pattern) for name in FILES | FOLDERS)
    return path.rstrip("/") in FILES | FOLDERS or not (ROOT / path).suffix and any(
        name.startswith(f"{path}.") for name in FILES)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_are_there(name):
    told = {path for each in code(name) for path in PATH.findall(each)}
    assert {path for path in told if not is_there(path)} - PROMISED == set()


@pytest.fixture(scope="module")
def known(command):
    """The command's subcommands, with their options."""
    def help_of(*words):
        return subprocess.run([command, *words, "--help"], capture_output=True, text=True, timeout=60).stdout

    def options(text):
        return set(re.findall(r"^\s+(?:-\w, )?(--[\w-]+)", text, re.M))

    def commands(text):
        listed = text.partition("Commands:\n")[2].partition("\n\n")[0]
        return set(re.findall(r"^  (\w+)", listed, re.M)) - {"help"}

    found = {}
    for name in commands(help_of()):
        text = help_of(name)
        found[name] = options(text)
        for inner in commands(text):
            found[f"{name} {inner}"] = options(help_of(name, inner))
    assert {"check", "explain", "signals build"} <= found.keys()
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_of_tiergate_are_there(name, known):
    wrong = []
    for each in code(name):
        for words in re.findall(r"(?:^|\| |\$ )tiergate ([a-z].*)$", each.replace("\\\n", " "), re.M):
            first, second = [*words.split(), "", ""][:2]
            called = f"{first} {second}" if f"{first} {second}" in known else first
            if called not in known or set(re.findall(r"(--[\w-]+)", words.partition('"')[0])) - known[called]:
                wrong.append(words)
    assert wrong == []


SHOWN = [(name, number, kind, textwrap.dedent(block)) for name in DOCUMENTS
         for number, (_, kind, block) in enumerate(FENCE.findall(text_of(name))) if kind in ("yaml", "json")]


def parsed(kind: str, block: str):
    """The first document of a block."""
    return next(yaml.safe_load_all(block)) if kind == "yaml" else json.loads(block)


@pytest.mark.parametrize(("name", "number", "kind", "block"), SHOWN, ids=[f"{name}-{n}" for name, n, _, _ in SHOWN])
def test_configurations_that_are_shown_are_right(name, number, kind, block, command, tmp_path):
    """Blocks of YAML or JSON are well-formed; one whose keys are all of the document passes `tiergate check`."""
    document = parsed(kind, block)
    if not isinstance(document, dict) or not document.keys() <= SCHEMA["properties"].keys():
        return
    (tmp_path / "shown.json").write_text(json.dumps(document))
    done = subprocess.run([command, "check", tmp_path / "shown.json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


EXAMPLES = sorted(name for name in FILES if name.startswith("examples/") and name.endswith(".json")
                  and json.loads(text_of(name)).keys() & {"tiers", "profiles"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_documents_name_their_schema_for_editors(name):
    named = json.loads(text_of(name))["$schema"]
    assert ((ROOT / name).parent / named).resolve() == ROOT / "src/core/config/tiergate.schema.json"


def test_there_are_example_documents():
    assert len(EXAMPLES) >= 5


def test_init_makes_the_right_side_of_the_migration_page_out_of_the_left(command, tmp_path):
    blocks = [parsed(kind, block) for _, _, kind, block in
              [each for each in SHOWN if each[0] == "docs/migrate.md"]]
    left, right = next(each for each in blocks if "model_list" in each), next(each for each in blocks if "tiers" in each)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(left))
    done = subprocess.run([command, "init", "--litellm", tmp_path / "config.yaml"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(done.stdout)
    assert {tier: names[0] for tier, names in made["tiers"].items()} == right["tiers"]
    assert made["models"]["gpt-5.4"]["aliases"] == ["default"]
    documents = [each for each in blocks if each.keys() <= SCHEMA["properties"].keys()]
    assert len(documents) == 5, "one for each of the five"


def test_the_names_that_the_migration_page_promises_are_those_of_its_document(command, tmp_path):
    blocks = [parsed(kind, block) for name, _, kind, block in SHOWN if name == "docs/migrate.md"]
    document = next(each for each in blocks if each.get("scorer") == "rules")

    def cause(name: str) -> str:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(document))
        body = json.dumps({"model": name, "messages": [{"role": "user", "content": "Hello!"}]})
        done = subprocess.run([command, "explain", "--json", "--config", tmp_path / "config.yaml"], input=body,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["cause"]

    names = ["smart/auto", "smart/eco", "smart/agentic", "smart/premium", "smart/free"]
    assert [cause(name) for name in names] == ["score"] * 4 + ["no_such_model"]
    document["models"]["meta-llama/llama-3.3-70b-instruct"] = {"input_price": 0, "output_price": 0}
    assert cause("smart/free") == "score"


def test_some_configurations_are_shown():
    whole = [parsed(kind, block) for name, _, kind, block in SHOWN if name in ("README.md", "docs/operations.md")]
    assert sum(isinstance(each, dict) and "tiers" in str(each) for each in whole) >= 3


# Every word of the wire, in the document that lists it.


def listed(heading: str, name: str) -> set[str]:
    section = re.split(r"^#+ ", text_of(name).partition(heading)[2], maxsplit=1, flags=re.M)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")][2:]
    return {word for cell in cells for word in re.findall(r"`([\w.]+)`", cell)}


CAUSES = set(re.findall(r'Cause::\w+ => "(\w+)"', text_of("src/core/engine/cause.rs")))
METRICS = set(re.findall(r'"((?:tiergate|gen_ai)\.[\w.]+)[;"]', text_of("src/filter/metrics.rs")))


def test_every_cause_is_told_twice():
    assert len(CAUSES) > 15
    assert listed("**Causes.**", "docs/design.md") == CAUSES
    assert listed("### Causes\n", "docs/operations.md") == CAUSES


def test_every_metric_is_told():
    assert len(METRICS) > 5
    assert listed("## Metrics\n", "docs/operations.md") == METRICS


def test_no_link_in_the_tree_leads_out_of_it():
    """Such as one to the caches of the machine that it was made on."""
    links = [name for name in TRACKED if (ROOT / name).is_symlink()]
    assert [name for name in links if not (ROOT / name).resolve().is_relative_to(ROOT)] == []
