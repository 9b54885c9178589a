"""One file for a plain Envoy out of what a control plane would send: what this changes is where things are, not what they
do. Routes stand in the listener, extensions come from files, the module is a local file, hosts have addresses, and nothing
speaks TLS.
"""

from __future__ import annotations

import copy
from pathlib import Path

import yaml

from . import Xds, managers
from .istio_patches import merged


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def bootstrap(xds: Xds, *, module: Path, directory: Path, port: int, admin: int, hosts: dict[str, int]) -> dict:
    """`hosts`: the port of 127.0.0.1 for each cluster. Extensions are written into the directory."""
    xds = copy.deepcopy(xds)
    (listener,) = xds.listeners
    listener["address"] = address(port)
    for manager in managers(listener):
        routes = xds.routes[manager.pop("rds")["route_config_name"]]
        manager["route_config"] = routes
        # So that a client need not know the name.
        if not any("*" in each["domains"] for each in routes["virtual_hosts"]):
            routes["virtual_hosts"][:1] = [each | {"domains": [*each["domains"], "*"]} for each in routes["virtual_hosts"][:1]]
        for each in manager["http_filters"]:
            _filter(each, xds, module, directory)
    for name, each in xds.clusters.items():
        _cluster(each, xds, module, directory)
        each["type"] = "STATIC"
        del each["eds_cluster_config"]
        each["load_assignment"] = {"cluster_name": name, "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": address(hosts[name])}}]}]}
    return merged({
        "node": {"id": "translated", "cluster": "translated"}, "admin": {"address": address(admin)},
        "static_resources": {"listeners": [listener], "clusters": list(xds.clusters.values())},
    }, xds.bootstrap)


def _cluster(cluster: dict, xds: Xds, module: Path, directory: Path) -> None:
    for options in cluster.get("typed_extension_protocol_options", {}).values():
        for each in options.get("http_filters", []):
            _filter(each, xds, module, directory)


def _filter(each: dict, xds: Xds, module: Path, directory: Path) -> None:
    if "config_discovery" not in each:
        _local(each["typed_config"], module)
        return
    config = copy.deepcopy(xds.extensions[each["name"]])
    _local(config, module)
    resource = {"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": each["name"],
                "typed_config": config}
    path = directory / f"{each['name'].replace('/', '_')}.yaml"
    path.write_text(yaml.safe_dump({"resources": [resource]}), encoding="utf-8")
    source = each["config_discovery"]["config_source"]
    del source["ads"]
    source["path_config_source"] = {"path": str(path)}


def _local(config: dict, module: Path) -> None:
    """The module as a file, as Istio's agent makes it (pkg/wasm/convert.go in istio/istio)."""
    code = config.get("config", {}).get("vm_config", {}).get("code", {})
    if "remote" in code:
        del code["remote"]
        code["local"] = {"filename": str(module)}
