"""OpenTelemetry's names: in the log records that Envoy's logger sends to a receiver, in the access log, in the metrics."""

import copy
import json
import re
from concurrent import futures

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc

from gateway import stacks, user
from test_production import CHAT, Production

EXAMPLE = stacks.load_yaml(stacks.ROOT / "examples" / "opentelemetry" / "access-log.yaml")


class Receiver(logs_service_pb2_grpc.LogsServiceServicer):
    """Takes log records over gRPC and keeps them."""

    def __init__(self):
        self.records = []
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        logs_service_pb2_grpc.add_LogsServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def Export(self, request, _context):
        for resource in request.resource_logs:
            service = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    told = {each.key: each.value.string_value for each in record.attributes}
                    self.records.append((service, record.body.string_value, told))
        return logs_service_pb2.ExportLogsServiceResponse()

    def of(self, request_id):
        found = [each for each in self.records if each[2].get("tiergate.request_id") == request_id]
        return found[0] if found else None


SPARE = "gpt-5.6"


@pytest.fixture(scope="module")
def traced(gateway, tmp_path_factory):
    """The production Envoy with the example in it, in front of LiteLLM, and a receiver."""
    receiver = Receiver()

    def with_example(envoy):
        listener = stacks.listener(envoy)
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        manager["access_log"] += copy.deepcopy(EXAMPLE["access_log"])
        for cluster in copy.deepcopy(EXAMPLE["clusters"]):
            stacks.set_upstream(cluster, stacks.address(receiver.port))
            envoy["static_resources"]["clusters"].append(cluster)
        # LiteLLM's mock of a model that fails, and one that serves in its place.
        table = stacks.tiergate_configuration(listener)
        table["profiles"]["shaky"] = {"tiers": dict.fromkeys(table["profiles"]["auto"]["tiers"], ["unwell", SPARE])}
        (attempt,) = stacks.attempt_plugins(envoy)
        for document in (table, attempt["configuration"]["value"]):
            document["models"] = document.get("models", {}) | {"unwell": {}}

    with Production(tmp_path_factory.mktemp("traced"), gateway.litellm_port, change=with_example) as envoy:
        yield envoy, receiver
    receiver.server.stop(None)


def record_of(traced, client, model):
    envoy, receiver = traced
    answer = client.post(f"{envoy.url}{CHAT}", json={"model": model, "messages": user("Hello!")})
    assert answer.status_code == 200, answer.text
    request_id = answer.headers["x-request-id"]
    record = stacks.wait_until(lambda: receiver.of(request_id), 20, "the log record")
    return answer.json(), envoy.log_line(request_id), record


def test_a_request_becomes_a_log_record(traced, client):
    answer, line, (service, body, told) = record_of(traced, client, "smart/auto")
    assert service["service.name"] == "tiergate"
    assert body == f"POST {CHAT} 200"
    decision = json.loads(told["tiergate.decision"])
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == decision["model"]
    usage = answer["usage"]
    assert told["gen_ai.usage.input_tokens"] == str(usage["prompt_tokens"])
    assert told["gen_ai.usage.output_tokens"] == str(usage["completion_tokens"])
    assert float(told["tiergate.cost_usd"]) > 0
    # The access log beside it says the same.
    for name in ("gen_ai.request.model", "gen_ai.response.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"):
        assert line[name] == told[name]
    assert line["cost_usd"] == told["tiergate.cost_usd"]


def test_after_a_fallback_both_models_are_told(traced, client):
    _, _, (_, _, told) = record_of(traced, client, "smart/shaky")
    assert (told["gen_ai.request.model"], told["gen_ai.response.model"]) == ("unwell", SPARE)


def test_no_prompt_is_in_a_record(traced, client):
    envoy, receiver = traced
    answer = client.post(f"{envoy.url}{CHAT}", json={"model": "smart/auto", "messages": user("canary-91c2-prompt")})
    stacks.wait_until(lambda: receiver.of(answer.headers["x-request-id"]), 20, "the log record")
    assert "canary-91c2" not in json.dumps(receiver.records)


def test_metrics_have_the_names_too(traced, client):
    envoy, _ = traced
    answer, _, _ = record_of(traced, client, "smart/auto")

    def counted():
        status, text = stacks.http_get(f"{envoy.metrics_url}/stats/prometheus")
        assert status == 200
        found = {}
        for name, labels, value in re.findall(r"^(gen_ai_\w+_(?:count|sum))\{(.*)\} ([\d.e+]+)$", text, re.M):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            found[name, labels["gen_ai_response_model"], labels.get("gen_ai_token_type")] = float(value)
        model = answer_model
        wanted = [("gen_ai_client_operation_duration_count", model, None),
                  ("gen_ai_client_operation_time_to_first_chunk_count", model, None),
                  ("gen_ai_client_token_usage_count", model, "input"), ("gen_ai_client_token_usage_sum", model, "output")]
        return all(found.get(key, 0) > 0 for key in wanted)

    answer_model = "gpt-5.4-nano"
    assert answer["model"] == answer_model
    # Envoy merges histograms every five seconds.
    stacks.wait_until(counted, 30, "the histograms of a model")
