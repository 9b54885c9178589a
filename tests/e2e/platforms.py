"""The resources in examples/ for Istio, Envoy Gateway and Higress, as scripts/translate makes Envoy's configuration of them,
running in a plain Envoy."""

from __future__ import annotations

import copy
import re
import textwrap
from pathlib import Path

from crd import documents
from gateway import Asked, Running, recorded, stacks
from translate import Xds, envoy_gateway, higress, istio, static

EXAMPLES = stacks.ROOT / "examples"
LITELLM = "outbound|4000||litellm.llm.svc.cluster.local"
SECOND = "httproute/llm/llm/rule/1"
HEADER = "higress.io/exact-match-header-x-higress-llm-model"


def resources(platform: str) -> list[dict]:
    """What a folder of examples/ holds."""
    return [each for path in sorted((EXAMPLES / platform).glob("*.yaml")) for each in documents(path)]


def named(of: list[dict], kind: str, name: str = "tiergate") -> dict:
    (found,) = [each for each in of if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def document(platform: str, of: list[dict]) -> dict:
    """The document of tiergate in the resources."""
    if platform == "istio":
        patches = named(of, "EnvoyFilter")["spec"]["configPatches"]
        (value,) = [each["patch"]["value"] for each in patches if each["applyTo"] == "EXTENSION_CONFIG"]
        return value["typed_config"]["config"]["configuration"]["value"]
    if platform == "envoy-gateway":
        return named(of, "EnvoyExtensionPolicy")["spec"]["wasm"][0]["config"]
    return named(of, "WasmPlugin")["spec"]["defaultConfig"]


def translated(platform: str, of: list[dict]) -> Xds:
    if platform == "higress":
        return higress.as_plain_envoy(higress.translate(of))
    return {"istio": istio, "envoy-gateway": envoy_gateway}[platform].translate(of)


def ingress(name: str, host: str, model: str = "") -> dict:
    """An AI route as Higress' console makes it: for one model, or for any."""
    annotations = {"higress.io/destination": host} | ({HEADER: model} if model else {})
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "namespace": "higress-system", "annotations": annotations},
            "spec": {"ingressClassName": "higress", "rules": [{"http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": {"resource": {
                    "apiGroup": "networking.higress.io", "kind": "McpBridge", "name": "default"}}}]}}]}}


def higress_config() -> dict:
    """What examples/higress/README.md has for Higress' own ConfigMap."""
    (told,) = re.findall(r"```yaml\n(.*?)```", (EXAMPLES / "higress" / "README.md").read_text(encoding="utf-8"), re.S)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "higress-config", "namespace": "higress-system"},
            "data": {"higress": textwrap.dedent(told)}}


class Platform(Running, Asked):
    """One of the platforms, with the tests' recorder as a second upstream. Listeners as in gateway.Gateway."""

    def __init__(self, platform: str, directory: Path, recorder, litellm_port: int, *, listeners: dict | None = None,
                 fallbacks: bool = False):
        self.platform, self.directory, self.recorder, self.litellm_port = platform, directory, recorder, litellm_port
        self.fallbacks = fallbacks
        self.recorded_at = {"istio": "outbound|443||models.example.com", "envoy-gateway": SECOND}.get(platform, "")
        self.default = {"istio": LITELLM, "envoy-gateway": "httproute/llm/llm/rule/0"}.get(platform, "")
        self.ports, self.admin_port = {}, stacks.free_port()
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        configuration: dict = {}
        for name, changes in (listeners or {"gateway": {}}).items():
            one = self._one(name, changes)
            if configuration:
                configuration["static_resources"]["listeners"] += one["static_resources"]["listeners"]
            configuration = configuration or one
        self.configuration = configuration
        self.envoy = stacks.envoy_process(directory, configuration, concurrency=1)

    def _one(self, name: str, changes: dict) -> dict:
        """The configuration with one listener, which has a document of its own."""
        of = self._resources(changes)
        directory = self.directory / name
        directory.mkdir(parents=True)
        self.ports[name] = stacks.free_port()
        xds = translated(self.platform, of)
        at = dict.fromkeys(xds.clusters, self.recorder.port) | {
            cluster: self.litellm_port for cluster in xds.clusters if cluster in (self.default, "outbound|80||litellm.dns")}
        made = static.bootstrap(xds, module=stacks.WASM, directory=directory, port=self.ports[name],
                                admin=self.admin_port, hosts=at)
        made["static_resources"]["listeners"][0]["name"] = name
        return made

    def _resources(self, changes: dict) -> list[dict]:
        """Those of examples/, with the recorder's models and the second upstream that examples/*/README.md describes."""
        of = [each for each in resources(self.platform) if self.fallbacks or each["metadata"]["name"] != "tiergate-fallbacks"]
        at = document(self.platform, of)
        at.pop("signals", None)
        at["tiers"] = at["tiers"] | {"REASONING": "claude-opus-5"}
        more = recorded(at, cluster=self.recorded_at) | {"headers": {"response": "full"}} | changes
        named_as = at.get("headers", {}).get("model_as", []) + more["headers"].get("model_as", [])
        more["headers"] = at.get("headers", {}) | more["headers"] | {"model_as": named_as}
        if more.get("default_cluster") == "recorder":
            more["default_cluster"] = self.recorded_at
        if not self.recorded_at:
            more.pop("default_cluster", None)
        at.clear()
        at.update(more)
        if self.platform == "envoy-gateway":
            never = [{"headers": [{"name": "x-never", "value": "sent"}]}]
            named(of, "HTTPRoute", "llm")["spec"]["rules"].append({"matches": never, "backendRefs": [{"name": "big", "port": 80}]})
        if self.platform == "higress":
            upstream = [each.get("upstream_model", name) for name, each in more["models"].items()]
            of += [higress_config(), ingress("ai-route-litellm.internal", "litellm.dns")]
            of += [ingress(f"ai-route-{at}.internal", "recorder.dns", each) for at, each in enumerate(upstream)]
        return of

    @property
    def port(self) -> int:
        return self.ports["gateway"]

    @property
    def url(self) -> str:
        return self.address()

    def deaths(self) -> int:
        # With FAIL_CLOSED, which is all that Higress has, no VM comes back that could be counted.
        if self.platform == "higress":
            return self.envoy.log.read_text(errors="replace").count("Uncaught RuntimeError")
        return super().deaths()
