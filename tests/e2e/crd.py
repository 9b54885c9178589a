"""Published schemas of custom resources, read so that an unknown field is an error, as a typo would be one.

A cluster's API server drops unknown fields (kubectl tells them with --validate=strict); here they are refused. Rules in
CEL (x-kubernetes-validations) are not evaluated.
"""

from __future__ import annotations

import copy
from pathlib import Path

import jsonschema
import yaml

from gateway import stacks

SCHEMAS = stacks.ROOT / "tests" / "data" / "schemas"
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
METADATA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253},
        "namespace": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def closed(schema: dict) -> dict:
    """The schema as JSON Schema, with objects that take only the properties they name. What stands in allOf, anyOf,
    oneOf and not only adds conditions: a structural schema names every property outside of them too."""
    schema = copy.copy(schema)
    nullable = schema.pop("nullable", False)
    preserved = schema.pop("x-kubernetes-preserve-unknown-fields", False)
    if schema.pop("x-kubernetes-int-or-string", False):
        schema.pop("type", None)
        schema.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    if "properties" in schema:
        schema["properties"] = {name: closed(each) for name, each in schema["properties"].items()}
        if not preserved:
            schema.setdefault("additionalProperties", False)
    if isinstance(schema.get("items"), dict):
        schema["items"] = closed(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = closed(schema["additionalProperties"])
    return {"anyOf": [schema, {"type": "null"}]} if nullable else schema


def definitions() -> dict[tuple[str, str], dict]:
    """By apiVersion and kind: the schema of a whole resource."""
    found = {}
    for path in sorted(SCHEMAS.glob("*.yaml")):
        for definition in filter(None, yaml.load_all(path.read_text(encoding="utf-8"), FAST)):  # noqa: S506
            spec = definition["spec"]
            for version in spec["versions"]:
                api = f"{spec['group']}/{version['name']}"
                schema = copy.copy(version["schema"]["openAPIV3Schema"])
                schema["properties"] = schema["properties"] | {
                    "apiVersion": {"const": api}, "kind": {"const": spec["names"]["kind"]}, "metadata": METADATA}
                schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
                found[api, spec["names"]["kind"]] = closed(schema)
    return found


def documents(path: Path) -> list[dict]:
    """What a YAML file of several documents holds."""
    return [each for each in yaml.load_all(path.read_text(encoding="utf-8"), stacks.YamlLoader) if each]  # noqa: S506


DEFINITIONS = definitions()


def faults(resource: dict) -> list[str]:
    """What the schema of its kind finds wrong with a resource."""
    schema = DEFINITIONS.get((resource.get("apiVersion"), resource.get("kind")))
    if schema is None:
        return [f"no schema for {resource.get('apiVersion')} {resource.get('kind')}"]
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(resource)]
