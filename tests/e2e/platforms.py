"""What Istio and Envoy Gateway make of the resources in examples/, as far as Envoy sees it: the patches are applied to
configurations of the shape that these control planes generate. Stand-ins: the real ones run in a cluster only.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonpath
import yaml

from gateway import stacks

WASM = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"
# Fields of a route's action of which a message holds one at a time.
CLUSTER_SPECIFIERS = ("cluster", "cluster_header", "weighted_clusters")


def filter_of(name: str, package: str) -> dict:
    return {"name": name, "typed_config": {"@type": f"type.googleapis.com/{package}"}}


def gateway(listener: str, http_filters: list[dict], routes: dict, clusters: dict[str, int], **more) -> dict:
    """A bootstrap with one listener, and clusters by name on these ports of loopback."""
    manager = {
        "@type": f"type.googleapis.com/{'envoy.extensions.filters.network.http_connection_manager.v3'}"
                 ".HttpConnectionManager",
        "stat_prefix": listener, "use_remote_address": True, "http_filters": http_filters, "route_config": routes,
    }
    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": stacks.address(stacks.free_port())},
        "static_resources": {
            "listeners": [{"name": listener, "address": stacks.address(stacks.free_port()), **more,
                           "filter_chains": [{"filters": [{"name": MANAGER, "typed_config": manager}]}]}],
            "clusters": [stacks.cluster(name, port) for name, port in clusters.items()],
        },
    }


def local(code: dict) -> None:
    """A module that is fetched from afar becomes a file, as Istio's agent does it."""
    assert code.pop("remote")["http_uri"]["uri"]
    code["local"] = {"filename": str(stacks.WASM)}


# -------------------------------------------------------------------------------------------------------------- Istio


def merged(into: object, patch: object) -> object:
    """A protobuf merge: messages field by field, lists one behind the other, of a oneof the newer."""
    if isinstance(into, list) and isinstance(patch, list):
        return into + patch
    if not (isinstance(into, dict) and isinstance(patch, dict)):
        return patch
    if any(name in patch for name in CLUSTER_SPECIFIERS):
        into = {name: value for name, value in into.items() if name not in CLUSTER_SPECIFIERS}
    return into | {name: merged(into.get(name), value) for name, value in patch.items()}


class Istio:
    """A gateway of Istio's with the patches of EnvoyFilters applied."""

    def __init__(self, directory: Path, filters: list[dict], clusters: dict[str, int]):
        self.directory = directory
        routes = {"name": "http.8080", "virtual_hosts": [{
            "name": "llm.example.com:80", "domains": ["*"], "routes": [
                {"name": "tiergate", "match": {"prefix": "/v1"}, "route": {
                    "cluster": "outbound|4000||litellm.llm.svc.cluster.local", "timeout": "0s",
                    "retry_policy": {"retry_on": "connect-failure,refused-stream,unavailable,cancelled,"
                                                 "retriable-status-codes",
                                     "num_retries": 2, "retriable_status_codes": [503]}}},
                {"name": "other", "match": {"prefix": "/"}, "direct_response": {"status": 418}},
            ]}]}
        http = [filter_of("envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.Cors"),
                filter_of(ROUTER, "envoy.extensions.filters.http.router.v3.Router")]
        self.envoy = gateway("0.0.0.0_8080", http, routes, clusters)
        self.extensions: list[dict] = []
        for each in filters:
            for patch in each["spec"]["configPatches"]:
                self._apply(patch["applyTo"], patch.get("match", {}), patch["patch"])
        self._discover()

    def _apply(self, to: str, match: dict, patch: dict) -> None:
        (listener,) = self.envoy["static_resources"]["listeners"]
        manager = stacks.connection_manager(listener)
        how = (to, patch["operation"])
        if how == ("EXTENSION_CONFIG", "ADD"):
            self.extensions.append(copy.deepcopy(patch["value"]))
        elif how == ("HTTP_FILTER", "INSERT_BEFORE"):
            wanted = match["listener"]["filterChain"]["filter"]
            assert wanted["name"] == MANAGER
            names = [each["name"] for each in manager["http_filters"]]
            manager["http_filters"].insert(names.index(wanted["subFilter"]["name"]), copy.deepcopy(patch["value"]))
        elif how == ("HTTP_ROUTE", "MERGE"):
            wanted = match["routeConfiguration"]["vhost"]["route"]["name"]
            routes = manager["route_config"]["virtual_hosts"][0]["routes"]
            hit = [index for index, each in enumerate(routes) if each["name"] == wanted]
            assert len(hit) == 1, wanted
            routes[hit[0]] = merged(routes[hit[0]], patch["value"])
        elif how == ("NETWORK_FILTER", "MERGE"):
            assert match["listener"]["filterChain"]["filter"]["name"] == MANAGER
            listener["filter_chains"][0]["filters"][0] = merged(listener["filter_chains"][0]["filters"][0], patch["value"])
        elif how == ("LISTENER", "MERGE"):
            self.envoy["static_resources"]["listeners"] = [merged(listener, patch["value"])]
        elif how == ("BOOTSTRAP", "MERGE"):
            self.envoy = merged(self.envoy, patch["value"])
        else:
            raise AssertionError(f"not known here: {how}")

    def _discover(self) -> None:
        """Extensions come from files in place of Istio's server."""
        manager = stacks.connection_manager(self.envoy["static_resources"]["listeners"][0])
        for extension in self.extensions:
            config = extension["typed_config"]["config"]
            local(config["vm_config"]["code"])
            path = self.directory / f"{extension['name']}.yaml"
            resource = {"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", **extension}
            path.write_text(yaml.safe_dump({"resources": [resource]}))
            (asking,) = [each for each in manager["http_filters"] if each["name"] == extension["name"]]
            source = asking["config_discovery"]["config_source"]
            assert source.pop("ads") == {}
            source["path_config_source"] = {"path": str(path)}


# ------------------------------------------------------------------------------------------------------ Envoy Gateway


def envoy_gateway(extension: dict, patches: list[dict], limits: dict | None, clusters: dict[str, int]) -> dict:
    """What Envoy Gateway generates for the Gateway `llm` with the listener `http` and the HTTPRoute `llm` of the host
    llm.example.com, with its policies applied."""
    where = extension["metadata"]
    policy = f"envoyextensionpolicy/{where['namespace']}/{where['name']}/wasm/0"
    (wasm,) = extension["spec"]["wasm"]
    assert wasm["code"]["type"] == "Image"
    assert wasm["code"]["image"]["url"]
    name = f"envoy.filters.http.wasm/{policy}"
    http = [{"name": name, "disabled": True, "typed_config": {"@type": WASM, "config": {
        "name": wasm["name"], "fail_open": wasm["failOpen"],
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue",
                          "value": json.dumps(wasm["config"])},
        "vm_config": {"vm_id": policy, "runtime": "envoy.wasm.runtime.v8",
                      "code": {"local": {"filename": str(stacks.WASM)}}}}}},
            filter_of(ROUTER, "envoy.extensions.filters.http.router.v3.Router")]
    routes = {"name": "llm/llm/http", "ignore_port_in_host_matching": True, "virtual_hosts": [{
        "name": "llm/llm/http/llm_example_com", "domains": ["llm.example.com", "127.0.0.1", "gateway"], "routes": [{
            "name": "httproute/llm/llm/rule/0/match/0/llm_example_com", "match": {"prefix": "/"},
            "route": {"cluster": "httproute/llm/llm/rule/0", "upgrade_configs": [{"upgrade_type": "websocket"}]},
            "typed_per_filter_config": {name: {
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}}}]}]}
    spec = limits["spec"] if limits else {}
    buffer = spec.get("connection", {}).get("bufferLimit", "32Ki")
    envoy = gateway("llm/llm/http", http, routes, clusters, per_connection_buffer_limit_bytes=bytes_in(buffer))
    (listener,) = envoy["static_resources"]["listeners"]
    manager = stacks.connection_manager(listener)
    escaped = spec.get("path", {}).get("escapedSlashesAction", "UnescapeAndRedirect")
    manager["path_with_escaped_slashes_action"] = snake(escaped)
    underscores = spec.get("headers", {}).get("withUnderscoresAction", "RejectRequest")
    manager["common_http_protocol_options"] = {"headers_with_underscores_action": snake(underscores)}
    # Listeners and routes are resources of their own there.
    resources = {"Listener": listener, "RouteConfiguration": manager.pop("route_config")}
    for each in patches:
        kind = each["type"].rsplit(".", 1)[1]
        assert resources[kind]["name"] == each["name"]
        resources[kind] = patched(resources[kind], each["operation"])
    listener = resources["Listener"]
    stacks.connection_manager(listener)["route_config"] = resources["RouteConfiguration"]
    envoy["static_resources"]["listeners"] = [listener]
    return envoy


def patched(resource: dict, operation: dict) -> dict:
    """One JSON patch at every place that the JSONPath finds; there has to be one."""
    found = [str(match.pointer()) for match in jsonpath.finditer(operation["jsonPath"], resource)]
    assert found, f"{operation['jsonPath']} finds nothing"
    for place in found:
        change = {"op": operation["op"], "path": place + operation["path"], "value": operation["value"]}
        resource = jsonpath.JSONPatch([change]).apply(copy.deepcopy(resource))
    return resource


def snake(name: str) -> str:
    """KeepUnchanged -> KEEP_UNCHANGED"""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()


def bytes_in(quantity: str) -> int:
    """4Mi -> 4194304"""
    return int(quantity[:-2]) * {"Ki": 1024, "Mi": 1024**2}[quantity[-2:]]
