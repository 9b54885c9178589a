"""What an EnvoyFilter changes: pilot/pkg/networking/core/envoyfilter of istio/istio."""

from __future__ import annotations

import copy

from . import MANAGER, WASM, Unknown, Xds, known, managers

# Fields of which a message holds one at a time: of these the newer stays.
ONE_OF = (("cluster", "cluster_header", "weighted_clusters"),
          ("host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header"))
# Maps: an entry is replaced whole.
MAPS = ("typed_extension_protocol_options", "typed_per_filter_config", "filter_metadata")


def merged(into: object, patch: object) -> object:
    """pkg/proto/merge/merge.go: messages field by field, lists one behind the other, a duration and an entry of a map are replaced."""
    if isinstance(into, list) and isinstance(patch, list):
        return into + copy.deepcopy(patch)
    if not (isinstance(into, dict) and isinstance(patch, dict)):
        return copy.deepcopy(patch)
    for names in ONE_OF:
        if any(name in patch for name in names):
            into = {name: value for name, value in into.items() if name not in names}
    return into | {name: (into.get(name, {}) | copy.deepcopy(value)) if name in MAPS else merged(into.get(name), value)
                   for name, value in patch.items()}


def apply(xds: Xds, filters: list[dict]) -> None:
    """pilot/pkg/model/push_context.go: by priority; within one resource in the order of its patches. First whole listeners, then
    their network filters, then HTTP filters, as listener_patch.go goes through them."""
    filters = sorted(filters, key=lambda each: each["spec"].get("priority", 0))
    patches = [each for one in filters
               for each in known(one["spec"], "workloadSelector", "configPatches", "priority")["configPatches"]]
    # Merges come before what is added.
    patches.sort(key=lambda each: each["patch"]["operation"] != "MERGE")
    for kind in ("BOOTSTRAP", "CLUSTER", "LISTENER", "NETWORK_FILTER", "HTTP_FILTER", "HTTP_ROUTE", "EXTENSION_CONFIG"):
        for each in patches:
            if each["applyTo"] == kind:
                _apply(xds, kind, known(each.get("match", {}), "context", "listener", "routeConfiguration", "cluster"),
                       each["patch"])
    if more := {each["applyTo"] for each in patches} - set(CHANGES):
        raise Unknown(f"not translated here: {more}")


def _apply(xds: Xds, kind: str, match: dict, patch: dict) -> None:
    if match.get("context", "ANY") not in ("ANY", "GATEWAY"):
        raise Unknown(match["context"])
    if not CHANGES[kind](xds, match, patch["operation"], patch["value"]):
        raise Unknown(f"the patch of {kind} matches nothing")


def _bootstrap(xds: Xds, _: dict, operation: str, value: dict) -> bool:
    """pkg/bootstrap: merged into the bootstrap when the proxy starts"""
    xds.bootstrap = merged(xds.bootstrap, value)
    return operation == "MERGE"


def _cluster(xds: Xds, match: dict, operation: str, value: dict) -> bool:
    """cluster_patch.go"""
    wanted = known(match.get("cluster", {}), "name", "service", "portNumber")
    hit = [name for name in xds.clusters
           if name == wanted.get("name", name)
           and name.split("|")[3] == wanted.get("service", name.split("|")[3])
           and name.split("|")[1] == str(wanted.get("portNumber", name.split("|")[1]))]
    for name in hit:
        xds.clusters[name] = merged(xds.clusters[name], value)
    return operation == "MERGE" and bool(hit)


def _listener(xds: Xds, match: dict, operation: str, value: dict) -> bool:
    """listener_patch.go, patchListener"""
    if "listener" in match:
        raise Unknown("a patch of one listener")
    xds.listeners = [merged(each, value) for each in xds.listeners]
    return operation == "MERGE" and bool(xds.listeners)


def _network_filter(xds: Xds, match: dict, operation: str, value: dict) -> bool:
    """listener_patch.go, patchNetworkFilter: typed configurations are merged as messages"""
    if match["listener"]["filterChain"]["filter"] != {"name": MANAGER}:
        raise Unknown("a patch of another network filter")
    for listener in xds.listeners:
        for chain in listener["filter_chains"]:
            chain["filters"] = [merged(each, value) if each["name"] == MANAGER else each for each in chain["filters"]]
    return operation == "MERGE"


def _http_filter(xds: Xds, match: dict, operation: str, value: dict) -> bool:
    """listener_patch.go, patchHTTPFilters: before all others, or before the first filter of that name"""
    wanted = match["listener"]["filterChain"]["filter"]
    if wanted["name"] != MANAGER or operation not in ("INSERT_FIRST", "INSERT_BEFORE"):
        raise Unknown(f"{operation} of an HTTP filter")
    applied = False
    for manager in (each for listener in xds.listeners for each in managers(listener)):
        names = [each["name"] for each in manager["http_filters"]]
        before = names[0] if operation == "INSERT_FIRST" else wanted["subFilter"]["name"]
        if before in names:
            manager["http_filters"].insert(names.index(before), copy.deepcopy(value))
            applied = True
    return applied


def _http_route(xds: Xds, match: dict, operation: str, value: dict) -> bool:
    """rc_patch.go, patchHTTPRoute and patchHTTPRoutes: every route of that name is merged; a new one comes before the first"""
    wanted = match["routeConfiguration"]["vhost"]["route"]["name"]
    applied = False
    for host in (host for routes in xds.routes.values() for host in routes["virtual_hosts"]):
        hit = [at for at, each in enumerate(host["routes"]) if each.get("name") == wanted]
        applied |= bool(hit)
        if operation == "INSERT_BEFORE" and hit:
            host["routes"].insert(hit[0], copy.deepcopy(value))
        elif operation == "MERGE":
            for at in hit:
                host["routes"][at] = merged(host["routes"][at], value)
    return operation in ("MERGE", "INSERT_BEFORE") and applied


def _extension(xds: Xds, _: dict, operation: str, value: dict) -> bool:
    """extension_configuration_patch.go; sent to a proxy that asks for that name"""
    if value["typed_config"]["@type"] != WASM:
        raise Unknown(value["typed_config"]["@type"])
    xds.extensions[value["name"]] = copy.deepcopy(value["typed_config"])
    return operation == "ADD"


CHANGES = {"BOOTSTRAP": _bootstrap, "CLUSTER": _cluster, "LISTENER": _listener, "NETWORK_FILTER": _network_filter,
           "HTTP_FILTER": _http_filter, "HTTP_ROUTE": _http_route, "EXTENSION_CONFIG": _extension}
