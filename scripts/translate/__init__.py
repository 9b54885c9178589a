"""What Envoy Gateway, Istio and Higress make of Kubernetes resources, as Envoy's configuration.

Their control planes run in a cluster only. Here their rules are followed as far as the resources in examples/ need
them, so that the tests can run the result in a plain Envoy. Each rule names its source: a path in the project's
repository at the commit below. It is no replacement for a control plane: a field that is not known here is an error, so
that nothing is left out silently.

    python scripts/translate istio examples/istio/*.yaml > envoy.yaml

| project | repository, commit |
| --- | --- |
| Envoy Gateway | envoyproxy/gateway d32f28294245 (2026-08-21) |
| Istio | istio/istio 86c9f01fd735 (2026-08-22) |
| Higress | alibaba/higress 4e0d69143208 (2026-04-30) |
| Higress, what runs its modules | higress-group/proxy-wasm-cpp-host 913c1b02cbbd (2025-07-25) |
"""

from __future__ import annotations

from dataclasses import dataclass, field

MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"
WASM = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
RUNTIME = "envoy.wasm.runtime.v8"


class Unknown(ValueError):
    """A resource has something that is not translated here."""


@dataclass
class Xds:
    """What a control plane sends to Envoy, by the kinds of its protocol."""

    listeners: list[dict] = field(default_factory=list)
    routes: dict[str, dict] = field(default_factory=dict)
    clusters: dict[str, dict] = field(default_factory=dict)
    # Configurations of filters that a listener names and that come by themselves (ECDS).
    extensions: dict[str, dict] = field(default_factory=dict)
    bootstrap: dict = field(default_factory=dict)


def typed(message: str, **fields: object) -> dict:
    """A message in an Any."""
    return {"@type": f"type.googleapis.com/{message}", **fields}


def ads() -> dict:
    """What both control planes say of a resource that comes over their stream."""
    return {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}


def of_kind(resources: list[dict], kind: str) -> list[dict]:
    return [each for each in resources if each["kind"] == kind]


def known(spec: dict, *names: str) -> dict:
    """The spec, which has no other fields than these."""
    if more := sorted(set(spec) - set(names)):
        raise Unknown(f"not translated here: {', '.join(more)}")
    return spec


def managers(listener: dict) -> list[dict]:
    """The HTTP connection managers of a listener."""
    chains = [*listener.get("filter_chains", []), listener.get("default_filter_chain") or {}]
    return [each["typed_config"] for chain in chains for each in chain.get("filters", []) if each["name"] == MANAGER]
