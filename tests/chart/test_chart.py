"""The chart, rendered and linted by Helm's own engine, against the published schemas of Kubernetes; and the base for
kustomize. Run by `make chart-test`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import helm_python
import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import chart  # noqa: E402

EVERYTHING = {
    "autoscaling": {"enabled": False},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "module": {"volume": {"persistentVolumeClaim": {"claimName": "modules"}}},
    "upstream": {"host": "llm.example.com", "port": 443, "healthPath": ""},
    "cluster": {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": "llm.example.com"}}},
    "networkPolicy": {"clients": [{"namespaceSelector": {}}], "monitoring": [{"namespaceSelector": {}}],
                      "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}]},
    "imagePullSecrets": [{"name": "pull"}], "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"},
    "service": {"type": "LoadBalancer", "annotations": {"e": "f"}}, "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "k", "operator": "Exists"}], "serviceAccount": {"annotations": {"g": "h"}},
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
}
VALUES = [{}, EVERYTHING]


def one(resources, kind, name="tiergate"):
    (found,) = [each for each in resources if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def envoy_of(resources):
    return yaml.safe_load(one(resources, "ConfigMap")["data"]["envoy.yaml"])


def plugins(envoy):
    manager = envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    options = envoy["static_resources"]["clusters"][0]["typed_extension_protocol_options"].values()
    filters = manager["http_filters"] + [each for one in options for each in one["http_filters"]]
    return [each["typed_config"]["config"] for each in filters if each["name"] == "tiergate"]


def test_helm_has_nothing_against_it():
    told = helm_python.lint(str(chart.CHART))
    assert [each for each in told["messages"] if each["severity"] > 1] == []


@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_resources_are_as_kubernetes_has_them(values):
    resources = chart.rendered(values)
    for each in resources:
        if each["kind"] != "ServiceMonitor":  # not of Kubernetes itself
            kubernetes_validate.validate(each, "1.37", strict=True)


def test_the_kinds_that_were_asked_for_are_there():
    kinds = {each["kind"] for each in chart.rendered()}
    assert kinds == {"ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service",
                     "ServiceAccount"}
    changed = {each["kind"] for each in chart.rendered(EVERYTHING)}
    assert "ServiceMonitor" in changed and "HorizontalPodAutoscaler" not in changed


def test_the_services_find_the_pods_and_the_monitor_the_metrics():
    resources = chart.rendered(EVERYTHING)
    pod = one(resources, "Deployment")["spec"]["template"]
    ports = {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
    for service in (one(resources, "Service"), one(resources, "Service", "tiergate-metrics")):
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        assert {each["targetPort"] for each in service["spec"]["ports"]} <= ports
    monitor = one(resources, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= one(resources, "Service", "tiergate-metrics")["metadata"]["labels"].items()
    assert not monitor["selector"]["matchLabels"].items() <= one(resources, "Service")["metadata"]["labels"].items()


@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_the_configuration_has_the_document_in_both_positions(values):
    router, attempt = plugins(envoy_of(chart.rendered(values)))
    assert attempt["configuration"]["value"] == router["configuration"]["value"] | {"position": "attempt"}
    assert {each["vm_config"]["code"]["local"]["filename"] for each in (router, attempt)} == {"/module/plugin.wasm"}


def test_the_upstream_is_the_one_of_the_values():
    cluster = envoy_of(chart.rendered(EVERYTHING))["static_resources"]["clusters"][0]
    address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert address == {"address": "llm.example.com", "port_value": 443}
    assert "health_checks" not in cluster and cluster["transport_socket"]["typed_config"]["sni"] == "llm.example.com"


def test_another_document_is_another_pod():
    def checksum(values):
        return one(chart.rendered(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) != checksum({"document": {"mode": "shadow"}})


@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_envoy_takes_the_configuration(values, tmp_path):
    envoy = Path(os.environ.get("TIERGATE_ENVOY", ROOT / ".venv" / "bin" / "envoy"))
    if not envoy.is_file():
        pytest.skip("needs an Envoy: make setup")
    text = one(chart.rendered(values), "ConfigMap")["data"]["envoy.yaml"]
    (tmp_path / "envoy.yaml").write_text(text.replace("/module/plugin.wasm", str(ROOT / "dist" / "tiergate.wasm")))
    done = subprocess.run([envoy, "--mode", "validate", "--disable-hot-restart", "-c", tmp_path / "envoy.yaml"],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_base_of_kustomize_is_the_chart():
    assert chart.BASE.read_text() == chart.base(), "make chart writes it anew"


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_kustomize_builds_the_base():
    done = subprocess.run(["kubectl", "kustomize", chart.BASE.parent], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(list(yaml.safe_load_all(done.stdout))) == len(chart.rendered())
