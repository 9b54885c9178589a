"""Envoy Gateway: Gateway, HTTPRoute, EnvoyExtensionPolicy, ClientTrafficPolicy, EnvoyPatchPolicy.

Sources are paths in envoyproxy/gateway. Left out: the default access log, and the metadata that name the resources.
"""

from __future__ import annotations

import copy
import json

import jsonpath

from . import MANAGER, ROUTER, RUNTIME, WASM, Unknown, Xds, ads, known, managers, of_kind, typed

# internal/xds/translator/listener.go, internal/xds/translator/cluster.go
BUFFER = 32768
# internal/gatewayapi/contexts.go: a port below 1024 is moved, so that the proxy needs no privileges.
PRIVILEGED, MOVED = 1024, 10000


def translate(resources: list[dict]) -> Xds:
    xds = Xds()
    for gateway in of_kind(resources, "Gateway"):
        for listener in gateway["spec"]["listeners"]:
            _listener(xds, resources, gateway, listener)
    # internal/xds/translator/translator.go: patches come last, and in their order.
    for policy in of_kind(resources, "EnvoyPatchPolicy"):
        for patch in known(policy["spec"], "targetRef", "type", "jsonPatches", "priority")["jsonPatches"]:
            _patch(xds, patch)
    return xds


def _id(resource: dict) -> str:
    return f"{resource['metadata']['namespace']}/{resource['metadata']['name']}"


def _targets(policy: dict, of: dict) -> bool:
    spec = policy["spec"]
    refs = spec.get("targetRefs") or [spec["targetRef"]]
    return (policy["metadata"]["namespace"] == of["metadata"]["namespace"]
            and any((ref["kind"], ref["name"]) == (of["kind"], of["metadata"]["name"]) for ref in refs))


# ------------------------------------------------------------------------------------------------------------ routes


def _listener(xds: Xds, resources: list[dict], gateway: dict, listener: dict) -> None:
    """internal/gatewayapi/listener.go, internal/xds/translator/{translator,listener}.go"""
    known(listener, "name", "protocol", "port", "allowedRoutes")
    if listener["protocol"] != "HTTP":
        raise Unknown(listener["protocol"])
    name = f"{_id(gateway)}/{listener['name']}"
    hosts: dict[str, list[tuple[tuple, dict]]] = {}
    filters: dict[str, dict] = {}
    for route in of_kind(resources, "HTTPRoute"):
        if not any(_attaches(ref, route, gateway, listener) for ref in route["spec"]["parentRefs"]):
            continue
        wasms = _wasms(resources, gateway, route)
        filters |= {each["name"]: each for each in wasms}
        for host in known(route["spec"], "parentRefs", "hostnames", "rules").get("hostnames", ["*"]):
            hosts.setdefault(host, []).extend(_routes(xds, route, host, wasms))
    xds.routes[name] = {"ignore_port_in_host_matching": True, "name": name, "virtual_hosts": [
        {"name": f"{name}/{_underscored(host)}", "domains": [host],
         # internal/gatewayapi/sort.go: the most specific one first, and of equals the first.
         "routes": [route for _, route in sorted(routes, key=lambda each: each[0], reverse=True)]}
        for host, routes in hosts.items()]}
    clients = [each for each in of_kind(resources, "ClientTrafficPolicy") if _targets(each, gateway)]
    port = listener["port"] if listener["port"] >= PRIVILEGED else listener["port"] + MOVED
    xds.listeners.append(_server(name, port, list(filters.values()), clients[0]["spec"] if clients else {}))


def _attaches(ref: dict, route: dict, gateway: dict, listener: dict) -> bool:
    parent = f"{ref.get('namespace', route['metadata']['namespace'])}/{ref['name']}"
    return parent == _id(gateway) and ref.get("sectionName", listener["name"]) == listener["name"]


def _underscored(host: str) -> str:
    return host.replace(".", "_")


def _routes(xds: Xds, route: dict, host: str, wasms: list[dict]):
    """internal/gatewayapi/route.go for the names, internal/xds/translator/route.go for the routes: each with what it is
    sorted by, in the order of the rules."""
    for number, rule in enumerate(route["spec"]["rules"]):
        known(rule, "matches", "backendRefs", "timeouts", "name")
        destination = f"httproute/{_id(route)}/rule/{number}"
        xds.clusters[destination] = _cluster(destination)
        for index, match in enumerate(rule.get("matches") or [{}]):
            rank, matcher = _match(known(match, "path", "headers"))
            action = {"cluster": destination, "upgrade_configs": [{"upgrade_type": "websocket"}]}
            if "request" in rule.get("timeouts", {}):
                action["timeout"] = rule["timeouts"]["request"]
            made = {"name": f"{destination}/match/{index}/{_underscored(host)}", "match": matcher, "route": action}
            if wasms:  # internal/xds/translator/wasm.go, patchRoute
                made["typed_per_filter_config"] = {
                    each["name"]: typed("envoy.config.route.v3.FilterConfig", config={}) for each in wasms}
            yield (*rank, -number, -index), made


def _match(match: dict) -> tuple[tuple, dict]:
    """internal/xds/translator/route.go, buildXdsRouteMatch; what it is sorted by: internal/gatewayapi/sort.go."""
    path = {"type": "PathPrefix", "value": "/"} | match.get("path", {})
    value = path["value"]
    kinds = {"PathPrefix": (0, {"prefix": value} if value == "/" else {"path_separated_prefix": value.rstrip("/")}),
             "RegularExpression": (1, {"safe_regex": {"regex": value}}), "Exact": (2, {"path": value})}
    kind, made = kinds[path["type"]]
    headers = match.get("headers", [])
    if headers:
        how = {"Exact": "exact", "RegularExpression": "safe_regex"}
        made["headers"] = [{"name": each["name"].lower(), "string_match": {
            how[each.get("type", "Exact")]: each["value"] if each.get("type", "Exact") == "Exact" else
            {"regex": each["value"]}}} for each in headers]
    exact = sum(each.get("type", "Exact") == "Exact" for each in headers)
    return (kind, len(value), len(headers), exact), made


def _cluster(name: str) -> dict:
    """internal/xds/translator/cluster.go, buildXdsCluster"""
    least = typed("envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
                  locality_lb_config={"locality_weighted_lb_config": {}})
    return {
        "name": name, "type": "EDS", "connect_timeout": "10s", "dns_lookup_family": "V4_PREFERRED",
        "common_lb_config": {}, "ignore_health_on_host_removal": True, "per_connection_buffer_limit_bytes": BUFFER,
        "circuit_breakers": {"thresholds": [{"max_retries": 1024}]},
        "eds_cluster_config": {"service_name": name, "eds_config": {"ads": {}, "resource_api_version": "V3"}},
        "load_balancing_policy": {"policies": [{"typed_extension_config": {
            "name": "envoy.load_balancing_policies.least_request", "typed_config": least}}]},
    }


# ---------------------------------------------------------------------------------------------------------- listener


def _server(name: str, port: int, wasms: list[dict], client: dict) -> dict:
    """internal/xds/translator/listener.go, addHCMToXDSListener; a ClientTrafficPolicy: internal/gatewayapi/
    clienttrafficpolicy.go. Without TLS the filters are in the default chain."""
    known(client, "targetRefs", "targetRef", "connection", "path", "headers")
    connection = known(client.get("connection", {}), "bufferLimit")
    path = known(client.get("path", {}), "escapedSlashesAction", "disableMergeSlashes")
    headers = known(client.get("headers", {}), "withUnderscoresAction")
    router = {"name": ROUTER, "typed_config": typed("envoy.extensions.filters.http.router.v3.Router",
                                                    suppress_envoy_headers=True)}
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=f"http-{port}",
        common_http_protocol_options={
            "headers_with_underscores_action": _snake(headers.get("withUnderscoresAction", "RejectRequest"))},
        http2_protocol_options={"initial_connection_window_size": 1048576, "initial_stream_window_size": 65536,
                                "max_concurrent_streams": 100},
        # internal/xds/translator/httpfilters.go, newOrderedHTTPFilter: wasm stands behind what authenticates and
        # external processors, before rate limits, and the router is last.
        http_filters=[*sorted(copy.deepcopy(wasms), key=lambda each: int(each["name"].rsplit("/", 1)[1])), router],
        normalize_path=True, merge_slashes=not path.get("disableMergeSlashes", False),
        path_with_escaped_slashes_action=_snake(path.get("escapedSlashesAction", "UnescapeAndRedirect")),
        rds={"config_source": ads(), "route_config_name": name},
        server_header_transformation="PASS_THROUGH", use_remote_address=True)
    return {
        "name": name, "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},  # noqa: S104
        "per_connection_buffer_limit_bytes": _bytes(connection.get("bufferLimit", BUFFER)),
        "max_connections_to_accept_per_socket_event": 1,
        "default_filter_chain": {"name": name, "filters": [{"name": MANAGER, "typed_config": manager}]},
    }


def _snake(name: str) -> str:
    """KeepUnchanged -> KEEP_UNCHANGED"""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()


def _bytes(quantity: str | int) -> int:
    """4Mi -> 4194304"""
    if isinstance(quantity, int) or quantity.isdigit():
        return int(quantity)
    return int(quantity[:-2]) * {"Ki": 1024, "Mi": 1024**2}[quantity[-2:]]


def _wasms(resources: list[dict], gateway: dict, route: dict) -> list[dict]:
    """The wasm filters of a route: internal/gatewayapi/envoyextensionpolicy.go and internal/xds/translator/wasm.go. A policy
    of the route replaces one of the Gateway. The module comes from Envoy Gateway's own server, by its checksum."""
    policies = of_kind(resources, "EnvoyExtensionPolicy")
    policy = next((each for target in (route, gateway) for each in policies if _targets(each, target)), None)
    if policy is None:
        return []
    made = []
    for index, wasm in enumerate(known(policy["spec"], "targetRefs", "targetRef", "wasm")["wasm"]):
        known(wasm, "name", "rootID", "code", "config", "failOpen", "env")
        name = f"envoyextensionpolicy/{_id(policy)}/wasm/{index}"
        module = wasm["code"][wasm["code"]["type"].lower()]
        remote = {"http_uri": {"uri": module["url"], "cluster": "wasm_cluster", "timeout": "10s"},
                  "sha256": module.get("sha256", ""),
                  "retry_policy": {"num_retries": 10, "retry_back_off": {"base_interval": "1s", "max_interval": "30s"}}}
        config = {"name": wasm.get("name", name), "configuration": typed(
            "google.protobuf.StringValue",
            value=json.dumps(wasm["config"], separators=(",", ":"), ensure_ascii=False) if "config" in wasm else ""),
            "vm_config": {"vm_id": name, "runtime": RUNTIME, "code": {"remote": remote}}}
        if wasm.get("failOpen"):
            config["fail_open"] = True
        if "rootID" in wasm:
            config["root_id"] = wasm["rootID"]
        made.append({"name": f"envoy.filters.http.wasm/{name}", "disabled": True,
                     "typed_config": {"@type": WASM, "config": config}})
    return made


# ----------------------------------------------------------------------------------------------------------- patches


def _patch(xds: Xds, patch: dict) -> None:
    """internal/xds/translator/jsonpatch.go: a resource by its type and exact name. What is not found is only told in the
    policy's status; here it is an error."""
    kind = patch["type"].rsplit(".", 1)[1]
    if kind == "Listener":
        at = next((at for at, each in enumerate(xds.listeners) if each["name"] == patch["name"]), None)
        where: dict | list = xds.listeners
    else:
        where = {"RouteConfiguration": xds.routes, "Cluster": xds.clusters}[kind]
        at = patch["name"] if patch["name"] in where else None
    if at is None:
        raise Unknown(f"no {kind} of the name {patch['name']}")
    where[at] = patched(where[at], patch["operation"])


def patched(resource: dict, operation: dict) -> dict:
    """internal/utils/jsonpatch/patch.go: one JSON patch at every place that the JSONPath finds; there has to be one."""
    if "jsonPath" in operation:
        path = operation["jsonPath"]
        path = path if path.startswith("$") else f"$.{path.removeprefix('.')}" if not path.startswith("..") else f"${path}"
        more = operation.get("path", "")
        more = f"/{more}" if more and not more.startswith("/") else more
        places = [f"{match.pointer()}{more}" for match in jsonpath.finditer(path, resource)]
    else:
        places = [operation["path"]]
    if not places:
        raise Unknown(f"{operation['jsonPath']} finds nothing")
    for place in places:
        change = {key: value for key, value in operation.items() if key in ("op", "value", "from")} | {"path": place}
        resource = jsonpath.JSONPatch([change]).apply(copy.deepcopy(resource))
    return resource


def plugins(xds: Xds) -> list[dict]:
    """The wasm plugins' configurations."""
    return [each["typed_config"]["config"] for listener in xds.listeners for manager in managers(listener)
            for each in manager["http_filters"] if each["typed_config"]["@type"] == WASM]
