"""Compressed requests on the shipped Envoy files: unpacked and routed."""

import gzip
import json
import zlib

import httpx
import pytest
import zstandard

from edge import SHIPPED, Edge
from gateway import user

CHAT = "/v1/chat/completions"
SMALL = "small/v1"
ONE_MIB = 1024 * 1024


def brotli(data: bytes) -> bytes:
    """One block of the format that holds its bytes as they are (RFC 7932, section 9.2), and an empty last one."""
    assert 0 < len(data) <= 1 << 16
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


PACKED = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "br": brotli,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


def chat(text="Hello!", model="smart/recorded") -> bytes:
    return json.dumps({"model": model, "messages": user(text)}).encode()


@pytest.fixture(scope="module", params=SHIPPED)
def edge(request, tmp_path_factory):
    with Edge(tmp_path_factory.mktemp(f"edge-{request.param}"), SHIPPED[request.param]) as started:
        yield started
        assert started.deaths() == 0


def post(edge, body, *, path=CHAT, test_id="none", **headers):
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{edge.url}{path}", content=body,
                           headers={"content-type": "application/json", "x-test-id": test_id} | headers)


@pytest.mark.parametrize("coding", PACKED)
def test_a_compressed_request_is_routed(edge, test_id, coding):
    answer = post(edge, PACKED[coding](chat()), test_id=test_id, **{"content-encoding": coding})
    assert (answer.status_code, answer.headers["x-tiergate-cause"]) == (200, "score"), answer.text
    got = edge.recorder.take(test_id)
    assert got.body == chat(model=SMALL)
    assert not got.all("content-encoding")
    # What the upstream is told of the answer that it may give is what the client said.
    assert got.one("accept-encoding") == answer.request.headers["accept-encoding"]


def test_no_transform_does_not_keep_it_from_being_read(edge, test_id):
    answer = post(edge, gzip.compress(chat()), test_id=test_id,
                  **{"content-encoding": "gzip", "cache-control": "no-transform"})
    assert answer.headers["x-tiergate-model"] == "recorded-small"


def test_a_long_conversation(edge, test_id):
    text = "".join(f"line {number} of a log that somebody pasted; " for number in range(150_000))
    answer = post(edge, gzip.compress(chat(text)), test_id=test_id, **{"content-encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    assert len(edge.recorder.take(test_id).body) > 6 * ONE_MIB
