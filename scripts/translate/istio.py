"""Istio, a gateway's proxy: Gateway, VirtualService, DestinationRule, ServiceEntry, WasmPlugin, EnvoyFilter.

Sources are paths in istio/istio. Filters that a plain Envoy does not have (istio.alpn, istio.stats, metadata exchange) are
left out; so are TLS and tracing.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from . import MANAGER, ROUTER, RUNTIME, WASM, Unknown, Xds, ads, istio_patches, known, of_kind, typed

# A Service `istio-ingressgateway` has the port 80 with the target port 8080 (manifests/charts/gateway/values.yaml).
TARGET_PORTS = {80: 8080, 443: 8443}
# pilot/pkg/model/extensions.go
PLUGIN = "extensions.istio.io/trafficextension/"
FAILING = {"FAIL_CLOSE": "FAIL_CLOSED", "FAIL_OPEN": "FAIL_OPEN", "FAIL_RELOAD": "FAIL_RELOAD"}


def translate(resources: list[dict]) -> Xds:
    xds = Xds()
    for entry in of_kind(resources, "ServiceEntry"):
        for port in entry["spec"]["ports"]:
            for host in entry["spec"]["hosts"]:
                _cluster(xds, resources, host, port["number"])
    for gateway in of_kind(resources, "Gateway"):
        for server in known(gateway["spec"], "selector", "servers")["servers"]:
            _server(xds, resources, gateway, server)
    istio_patches.apply(xds, of_kind(resources, "EnvoyFilter"))
    return xds


# ---------------------------------------------------------------------------------------------------------- listener


def _server(xds: Xds, resources: list[dict], gateway: dict, server: dict) -> None:
    """pilot/pkg/networking/core/gateway.go, BuildListeners and buildGatewayHTTPRouteConfig"""
    known(server, "port", "hosts")
    port = TARGET_PORTS.get(server["port"]["number"], server["port"]["number"])
    name, routes = f"0.0.0.0_{port}", f"http.{port}"
    virtual = [each for each in of_kind(resources, "VirtualService") if _served(each, gateway)]
    xds.routes[routes] = {
        "name": routes, "validate_clusters": False, "ignore_port_in_host_matching": True,
        "max_direct_response_body_size_bytes": 1048576, "virtual_hosts": [
            {"name": f"{host}:{server['port']['number']}", "domains": [host], "include_request_attempt_count": True,
             # route.go, SortVHostRoutes: what matches everything comes last, the rest stays in its order.
             "routes": sorted((_route(xds, resources, each, rule, match) for rule in each["spec"]["http"]
                               for match in rule.get("match") or [{}]), key=_catches_all)}
            for each in virtual for host in each["spec"]["hosts"]]}
    filters, xds.extensions = _filters(resources)
    xds.listeners.append(listener(name, port, routes, filters))


def _served(virtual: dict, gateway: dict) -> bool:
    known(virtual["spec"], "hosts", "gateways", "http")
    name = f"{gateway['metadata']['namespace']}/{gateway['metadata']['name']}"
    return any((each if "/" in each else f"{virtual['metadata']['namespace']}/{each}") == name
               for each in virtual["spec"]["gateways"])


def listener(name: str, port: int, routes: str, filters: list[dict]) -> dict:
    """pilot/pkg/networking/core/listener_builder.go, buildHTTPConnectionManager; gateway.go, buildGatewayConnectionManager"""
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=f"outbound_{name}", rds={"config_source": ads(), "route_config_name": routes},
        http_filters=filters, use_remote_address=True, normalize_path=True,
        path_with_escaped_slashes_action="KEEP_UNCHANGED", upgrade_configs=[{"upgrade_type": "websocket"}],
        stream_idle_timeout="0s", forward_client_cert_details="SANITIZE_SET", http_protocol_options={},
        set_current_client_cert_details={"subject": True, "cert": True, "dns": True, "uri": True},
        server_name="istio-envoy")
    return {"name": name, "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},  # noqa: S104
            "traffic_direction": "OUTBOUND",
            "filter_chains": [{"filters": [{"name": MANAGER, "typed_config": manager}]}]}


def _filters(resources: list[dict]) -> tuple[list[dict], dict[str, dict]]:
    """The HTTP filters in their order, and the plugins' configurations: listener_builder.go, buildHTTPConnectionManager.
    Between the phases stand authentication and authorisation, which no resource here asks for."""
    phases: dict[str, list[dict]] = {}
    # pilot/pkg/model/push_context.go, sortByPriority: within a phase the higher priority first.
    for each in sorted(of_kind(resources, "WasmPlugin"), key=lambda each: -each["spec"].get("priority", 0)):
        phases.setdefault(each["spec"].get("phase", "UNSPECIFIED_PHASE"), []).append(each)
    filters, extensions = [], {}
    for phase in ("AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"):
        for each in phases.get(phase, []):
            name = f"{PLUGIN}{each['metadata']['namespace']}.{each['metadata']['name']}"
            filters.append({"name": name, "config_discovery": {
                "config_source": ads(), "type_urls": [WASM, "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"]}})
            extensions[name] = plugin(each)
    plain = {"envoy.filters.http.grpc_stats": typed("envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
                                                    emit_filter_state=True, stats_for_all_methods=False),
             "envoy.filters.http.fault": typed("envoy.extensions.filters.http.fault.v3.HTTPFault"),
             "envoy.filters.http.cors": typed("envoy.extensions.filters.http.cors.v3.Cors"),
             ROUTER: typed("envoy.extensions.filters.http.router.v3.Router")}
    return filters + [{"name": name, "typed_config": config} for name, config in plain.items()], extensions


def plugin(resource: dict) -> dict:
    """pilot/pkg/model/extensions.go, buildWasmConfig, buildDataSource and buildVMConfig"""
    spec, where = resource["spec"], resource["metadata"]
    known(spec, "selector", "url", "sha256", "imagePullPolicy", "imagePullSecret", "pluginConfig", "pluginName", "phase",
          "priority", "failStrategy", "vmConfig")
    url = spec["url"] if urlsplit(spec["url"]).scheme else f"oci://{spec['url']}"
    config: dict = {"name": f"{where['namespace']}.{where['name']}", "vm_config": {"runtime": RUNTIME, "code": {"remote": {
        "http_uri": {"uri": url, "timeout": "30s", "cluster": "_"}, "sha256": spec.get("sha256", "")}}}}
    if spec.get("pluginConfig"):
        config["configuration"] = typed("google.protobuf.StringValue",
                                        value=json.dumps(spec["pluginConfig"], ensure_ascii=False, separators=(",", ":")))
    if "pluginName" in spec:
        config["root_id"] = spec["pluginName"]
    # What begins with ISTIO_META is for the agent, which takes it away (pkg/wasm/convert.go).
    environment = {each["name"]: each.get("value", "") for each in spec.get("vmConfig", {}).get("env", [])
                   if each.get("valueFrom", "INLINE") == "INLINE"}
    if environment:
        config["vm_config"]["environment_variables"] = {"key_values": environment}
    config["failure_policy"] = FAILING[spec.get("failStrategy", "FAIL_CLOSE")]
    return {"@type": WASM, "config": config}


# ------------------------------------------------------------------------------------------------- routes, clusters


def _route(xds: Xds, resources: list[dict], virtual: dict, rule: dict, match: dict) -> dict:
    """pilot/pkg/networking/core/route/route.go, translateRoute and applyHTTPRouteDestination;
    pilot/pkg/networking/core/route/retry/retry.go"""
    known(rule, "name", "match", "route", "timeout")
    (destination,) = rule["route"]
    host, port = destination["destination"]["host"], destination["destination"]["port"]["number"]
    cluster = _cluster(xds, resources, host, port)
    where = virtual["metadata"]
    made = {"match": _match(match), "route": {
        "cluster": cluster, "timeout": rule.get("timeout", "0s"), "max_grpc_timeout": rule.get("timeout", "0s"),
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", "num_retries": 2,
            "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": typed(
                "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")}],
            "host_selection_retry_max_attempts": "5", "retriable_status_codes": [503]}},
        "decorator": {"operation": f"{host}:{port}{_operation(match)}"},
        "metadata": {"filter_metadata": {"istio": {
            "config": f"/apis/networking.istio.io/v1/namespaces/{where['namespace']}/virtual-service/{where['name']}"}}}}
    name = ".".join(filter(None, (rule.get("name"), match.get("name"))))
    return {"name": name, **made} if name else made


def _catches_all(route: dict) -> bool:
    return route["match"].get("prefix") == "/" and not route["match"].get("headers")


def _operation(match: dict) -> str:
    uri = match.get("uri", {})
    return f"{uri['prefix']}*" if "prefix" in uri else uri.get("exact", "/*")


def _match(match: dict) -> dict:
    """route.go, TranslateRouteMatch"""
    known(match, "name", "uri", "headers")
    uri = match.get("uri", {"prefix": "/"})
    made = {"path" if "exact" in uri else "prefix": uri.get("exact", uri.get("prefix")), "case_sensitive": True}
    if match.get("headers"):
        made["headers"] = [{"name": name} | ({"string_match": value} if value else {"present_match": True})
                           for name, value in match["headers"].items()]
    return made


def _cluster(xds: Xds, resources: list[dict], host: str, port: int) -> str:
    """pilot/pkg/networking/core/cluster_builder.go; cluster_traffic_policy.go for what a DestinationRule says"""
    name = f"outbound|{port}||{host}"
    made: dict = {"name": name, "type": "EDS", "connect_timeout": "10s", "eds_cluster_config": {
        "service_name": name, "eds_config": ads()}, "circuit_breakers": {"thresholds": [_thresholds()]}}
    for rule in of_kind(resources, "DestinationRule"):
        if rule["spec"]["host"] == host:
            _policy(made, known(rule["spec"], "host", "trafficPolicy")["trafficPolicy"])
    xds.clusters[name] = made
    return name


def _thresholds() -> dict:
    """No limits but those that a DestinationRule sets (getDefaultCircuitBreakerThresholds)."""
    return {"max_connections": 4294967295, "max_pending_requests": 4294967295, "max_requests": 4294967295,
            "max_retries": 4294967295, "track_remaining": True}


def _policy(cluster: dict, policy: dict) -> None:
    known(policy, "loadBalancer", "connectionPool", "outlierDetection", "tls")
    pool = known(policy.get("connectionPool", {}), "tcp", "http")
    http = known(pool.get("http", {}), "http1MaxPendingRequests", "http2MaxRequests", "idleTimeout", "maxRetries")
    tcp = known(pool.get("tcp", {}), "connectTimeout", "maxConnections")
    (limits,) = cluster["circuit_breakers"]["thresholds"]
    for ours, theirs, of in (("max_pending_requests", "http1MaxPendingRequests", http), ("max_retries", "maxRetries", http),
                             ("max_requests", "http2MaxRequests", http), ("max_connections", "maxConnections", tcp)):
        limits[ours] = of.get(theirs, limits[ours])
    cluster["connect_timeout"] = tcp.get("connectTimeout", cluster["connect_timeout"])
    if "idleTimeout" in http:
        options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        cluster["typed_extension_protocol_options"] = {options: typed(
            options, common_http_protocol_options={"idle_timeout": http["idleTimeout"]},
            explicit_http_config={"http_protocol_options": {}})}
    if "simple" in policy.get("loadBalancer", {}):
        cluster["lb_policy"] = policy["loadBalancer"]["simple"]
    if "outlierDetection" in policy:
        cluster["outlier_detection"] = _outliers(policy["outlierDetection"])
        cluster["common_lb_config"] = {"healthy_panic_threshold": {"value": 0}}
    if policy.get("tls", {}).get("mode", "DISABLE") not in ("DISABLE", "SIMPLE"):
        raise Unknown(policy["tls"]["mode"])


def _outliers(of: dict) -> dict:
    """cluster_traffic_policy.go, applyOutlierDetection"""
    known(of, "splitExternalLocalOriginErrors", "consecutiveLocalOriginFailures", "consecutiveGatewayErrors",
          "consecutive5xxErrors", "interval", "baseEjectionTime", "maxEjectionPercent")
    made = {"enforcing_success_rate": 0}
    for theirs, ours in (("consecutive5xxErrors", "consecutive_5xx"),
                         ("consecutiveGatewayErrors", "consecutive_gateway_failure")):
        if theirs in of:
            made |= {ours: of[theirs], f"enforcing_{ours}": 100 if of[theirs] else 0}
    if of.get("splitExternalLocalOriginErrors"):
        made |= {"split_external_local_origin_errors": True, "enforcing_local_origin_success_rate": 0}
        if of.get("consecutiveLocalOriginFailures"):
            made |= {"consecutive_local_origin_failure": of["consecutiveLocalOriginFailures"],
                     "enforcing_consecutive_local_origin_failure": 100}
    for theirs, ours in (("interval", "interval"), ("baseEjectionTime", "base_ejection_time"),
                         ("maxEjectionPercent", "max_ejection_percent")):
        if theirs in of:
            made[ours] = of[theirs]
    return made
