"""The plugin as Higress takes it:  python scripts/higress.py [MODULE [DIRECTORY]]

    plugins/tiergate/VERSION/plugin.wasm    the module with the name of Higress' ABI (examples/higress/abi.py)
    plugins/tiergate/VERSION/metadata.txt   its size, its date, its MD5
    spec.yaml, README.md                    what the console and hgctl show of a plugin
    tiergate-higress-VERSION.oci.tar        all of it as an image, with the module in its last layer

The folder `plugins` is that of a plugin server: gpustack-higress-plugins (PyPI, 0.5.1) serves one at /wasm-plugins. The image's
media types are those of `hgctl plugin build` (alibaba/higress, hgctl/pkg/plugin/build/build.go), the fields of spec.yaml those
of hgctl/pkg/plugin/types/meta.go and of the console's PluginInfo and PluginSpec.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "higress"
sys.path.insert(0, str(EXAMPLE))

from abi import for_higress  # noqa: E402

SPEC = "application/vnd.module.wasm.spec.v1+yaml"
README = "application/vnd.module.wasm.doc.v1+markdown"
PLUGIN = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def version() -> str:
    return re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]


# -------------------------------------------------------------------------------------------------------------- schema


def openapi(schema: dict, definitions: dict, within: tuple[str, ...] = ()) -> dict:
    """A JSON Schema in the words of OpenAPI 3.0, which has no $ref outside of a document of its own, no const and no null."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name in within:
            raise SystemExit(f"{name} contains itself, which OpenAPI cannot say without $ref")
        more = {key: value for key, value in schema.items() if key != "$ref"}
        return openapi(definitions[name] | more, definitions, (*within, name))
    made: dict = {}
    for key, value in schema.items():
        if key in ("anyOf", "oneOf", "allOf"):
            kept = [openapi(each, definitions, within) for each in value if each.get("type") != "null"]
            made |= {key: kept} if len(kept) > 1 else kept[0]
            if len(kept) < len(value):
                made["nullable"] = True
        elif key == "properties":
            made[key] = {name: openapi(each, definitions, within) for name, each in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            made[key] = openapi(value, definitions, within)
        elif key == "type" and isinstance(value, list):
            (made["type"],) = [each for each in value if each != "null"]
            made["nullable"] = True
        elif key == "const":
            made["enum"] = [value]
        elif key == "exclusiveMinimum":
            made |= {"minimum": value, "exclusiveMinimum": True}
        elif key not in ("$defs", "$schema", "propertyNames"):
            made[key] = value
    return made


def spec(plugin: dict) -> dict:
    """`plugin`: the WasmPlugin of examples/higress, which says where the filter stands, and an example of its document."""
    schema = json.loads((ROOT / "src" / "core" / "config" / "tiergate.schema.json").read_text(encoding="utf-8"))
    described = openapi(schema, schema["$defs"])
    described["example"] = plugin["defaultConfig"]
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    return {
        "apiVersion": "1.0.0",
        "info": {"gatewayMinVersion": "2.0.0", "category": "ai", "name": "tiergate", "title": "tiergate",
                 "description": re.search(r'^description = "(.+)"$', cargo, re.M)[1], "version": version(),
                 "contact": {"name": "tiergate"}},
        "spec": {"phase": plugin["phase"], "priority": plugin["priority"], "configSchema": {"openAPIV3Schema": described}},
    }


# --------------------------------------------------------------------------------------------------------------- files


def metadata(module: Path, content: bytes) -> str:
    at = datetime.fromtimestamp(module.stat().st_mtime, UTC).replace(tzinfo=None).isoformat()
    told = {"Plugin Name": "tiergate", "Size": f"{len(content)} bytes", "Last Modified": at, "Created": at,
            "MD5": hashlib.md5(content, usedforsecurity=False).hexdigest()}
    return "".join(f"{name}: {value}\n" for name, value in told.items())


def packed(files: dict[str, bytes]) -> bytes:
    """A tar of these files; the same files give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def image(spec_yaml: bytes, readme: bytes, content: bytes) -> bytes:
    """An OCI archive whose layers are the files. Who pulls a module takes the last one."""
    blobs: dict[str, bytes] = {}

    def blob(media: str, data: bytes, title: str = "") -> dict:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        named = {"annotations": {"org.opencontainers.image.title": title}} if title else {}
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)} | named

    layers = [blob(SPEC, spec_yaml, "spec.yaml"), blob(README, readme, "README.md"),
              blob(PLUGIN, gzip.compress(packed({"plugin.wasm": content}), mtime=0), "plugin.tar.gz")]
    empty = blob("application/vnd.oci.image.config.v1+json", b"{}")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": layers}).encode()
    entry = blob(MANIFEST, manifest) | {"annotations": {"org.opencontainers.image.ref.name": version()}}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    return packed({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index} | blobs)


def main(module: Path, directory: Path) -> None:
    if not module.is_file():
        raise SystemExit(f"higress: no {module}; make wasm")
    content = for_higress(module.read_bytes())
    plugin = yaml.safe_load((EXAMPLE / "wasmplugin.yaml").read_text(encoding="utf-8"))["spec"]
    spec_yaml = yaml.safe_dump(spec(plugin), sort_keys=False, allow_unicode=True).encode()
    readme = (EXAMPLE / "README.md").read_bytes()
    served = directory / "plugins" / "tiergate" / version()
    served.mkdir(parents=True, exist_ok=True)
    archive = directory / f"tiergate-higress-{version()}.oci.tar"
    for path, data in {served / "plugin.wasm": content, served / "metadata.txt": metadata(module, content).encode(),
                       directory / "spec.yaml": spec_yaml, directory / "README.md": readme,
                       archive: image(spec_yaml, readme, content)}.items():
        path.write_bytes(data)
        print(f"{path}  {len(data)} bytes")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        raise SystemExit(__doc__)
    given = [Path(each) for each in sys.argv[1:]]
    defaults = [ROOT / "dist" / "tiergate.wasm", ROOT / "dist" / "higress"]
    main(*given, *defaults[len(given):])
