"""Higress: its WasmPlugin and Ingress, which become Istio's WasmPlugin and VirtualService; and Istio's EnvoyFilter, as it is.

Sources are paths in alibaba/higress. Its gateway is an Envoy of its own, with modules of an ABI of its own: what that ABI
means is said by the flag that a plain Envoy has for it.
"""

from __future__ import annotations

import copy

import yaml

from . import MANAGER, Xds, istio, istio_patches, known, of_kind, typed

SYSTEM = "higress-system"
# pkg/ingress/kube/annotations/header_control.go and match.go
EXACT_HEADER = "higress.io/exact-match-header-"
DESTINATION = "higress.io/destination"
# pkg/ingress/config/ingress_config.go, convertIstioWasmPlugin
MATCHES = {"ingress": "_match_route_", "service": "_match_service_", "domain": "_match_domain_"}


def translate(resources: list[dict]) -> Xds:
    gateway = {"kind": "Gateway", "metadata": {"name": "higress", "namespace": SYSTEM},
               "spec": {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]}}
    plugins = [made for each in of_kind(resources, "WasmPlugin") if (made := plugin(each))]
    xds = istio.translate([gateway, *plugins, *_virtual(of_kind(resources, "Ingress"))])
    istio_patches.apply(xds, [_limits(of_kind(resources, "ConfigMap")), *of_kind(resources, "EnvoyFilter")])
    return xds


def _limits(maps: list[dict]) -> dict:
    """pkg/ingress/kube/configmap/global.go: what the ConfigMap higress-config says of clients' connections becomes an
    EnvoyFilter. Its defaults are 32 KiB, and 180 s for a stream on which nothing comes."""
    configured = next((yaml.safe_load(each["data"]["higress"]) for each in maps
                       if each["metadata"]["name"] == "higress-config"), None) or {}
    said = {"connectionBufferLimits": 32768, "idleTimeout": 180, "maxRequestHeadersKb": 60} | configured.get("downstream", {})
    idle = f"{said['idleTimeout']}s"
    manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    common_http_protocol_options={"idle_timeout": idle}, stream_idle_timeout=idle,
                    max_request_headers_kb=said["maxRequestHeadersKb"])
    return {"kind": "EnvoyFilter", "spec": {"configPatches": [
        {"applyTo": "NETWORK_FILTER", "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": {
            "name": MANAGER}}}}, "patch": {"operation": "MERGE", "value": {"name": MANAGER, "typed_config": manager}}},
        {"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": {"operation": "MERGE", "value": {
            "per_connection_buffer_limit_bytes": said["connectionBufferLimits"]}}}]}}


def plugin(resource: dict) -> dict | None:
    """convertIstioWasmPlugin: the default configuration, with the rules in a key of its own."""
    spec = known(resource["spec"], "url", "sha256", "imagePullPolicy", "imagePullSecret", "pluginConfig", "pluginName",
                 "phase", "priority", "failStrategy", "vmConfig", "defaultConfig", "defaultConfigDisable", "matchRules")
    own = ("defaultConfig", "defaultConfigDisable", "matchRules")
    made = {name: value for name, value in spec.items() if name not in own}
    if "pluginConfig" not in made:
        rules = [rule for rule in spec.get("matchRules", []) if not rule.get("configDisable")]
        if spec.get("defaultConfigDisable") and not rules:
            return None
        config = {} if spec.get("defaultConfigDisable") else copy.deepcopy(spec.get("defaultConfig", {}))
        if rules:
            config["_rules_"] = [rule.get("config", {}) | {
                key: rule[name] for name, key in MATCHES.items() if rule.get(name)} for rule in rules]
        made["pluginConfig"] = config
    return {"kind": "WasmPlugin", "metadata": resource["metadata"], "spec": made}


def _virtual(ingresses: list[dict]) -> list[dict]:
    """pkg/ingress/kube/ingressv1/controller.go, ConvertHTTPRoute: a route for each path, named after its Ingress; a header
    that has to match is an annotation; sorted by pkg/ingress/kube/common/tool.go, SortHTTPRoutes: the longer path first,
    then the one with more conditions."""
    hosts: dict[str, list[dict]] = {}
    for ingress in ingresses:
        annotations = ingress["metadata"].get("annotations", {})
        headers = {name.removeprefix(EXACT_HEADER): {"exact": value} for name, value in annotations.items()
                   if name.startswith(EXACT_HEADER)}
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                kind = {"Exact": "exact", "Prefix": "prefix"}[path["pathType"]]
                hosts.setdefault(rule.get("host", "*"), []).append({
                    "name": ingress["metadata"]["name"],
                    "match": [{"uri": {kind: path["path"]}, "headers": headers}],
                    "route": [{"destination": _destination(ingress, annotations, path)}]})
    for routes in hosts.values():
        routes.sort(key=lambda each: (-len(next(iter(each["match"][0]["uri"].values()))), -len(each["match"][0]["headers"])))
    return [{"kind": "VirtualService", "metadata": {"name": host, "namespace": SYSTEM}, "spec": {
        "hosts": [host], "gateways": ["higress"], "http": routes}} for host, routes in hosts.items()]


def _destination(ingress: dict, annotations: dict, path: dict) -> dict:
    """A Service, or what the annotation names: llm-openai.internal.dns (pkg/ingress/kube/annotations/destination.go)"""
    if DESTINATION in annotations:
        host, _, port = annotations[DESTINATION].partition(":")
        return {"host": host, "port": {"number": int(port or 80)}}
    service = path["backend"]["service"]
    return {"host": f"{service['name']}.{ingress['metadata']['namespace']}.svc.cluster.local",
            "port": {"number": service["port"]["number"]}}


def as_plain_envoy(xds: Xds) -> Xds:
    """What a plain Envoy needs to run a module of Higress' own ABI as Higress does: src/context.cc of
    higress-group/proxy-wasm-cpp-host, convertVmCallResultToFilterHeadersStatus, lets a filter hold a request's headers and
    still see the body if the module was made for proxy_abi_version_0_2_100; of an answer's headers it does not."""
    for each in xds.extensions.values():
        each["config"]["allow_on_headers_stop_iteration"] = True
    return xds
