"""Compressed requests on the shipped Envoy files: unpacked and routed, and never more of them than the gateway takes."""

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
LIMIT = 32 * 1024 * 1024
ONE_MIB = 1024 * 1024


def brotli(data: bytes) -> bytes:
    """One block of the format that holds its bytes as they are (RFC 7932, section 9.2), and an empty last one."""
    assert 0 < len(data) <= 1 << 16
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


PACKED = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "br": brotli,
    "deflate": zlib.compress,
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
    # Answers are read, and what they are packed in is not unpacked.
    assert got.one("accept-encoding") == "identity"


def test_no_transform_does_not_keep_it_from_being_read(edge, test_id):
    answer = post(edge, gzip.compress(chat()), test_id=test_id,
                  **{"content-encoding": "gzip", "cache-control": "no-transform"})
    assert answer.headers["x-tiergate-model"] == "recorded-small"


def test_a_long_conversation(edge, test_id):
    text = "".join(f"line {number} of a log that somebody pasted; " for number in range(150_000))
    answer = post(edge, gzip.compress(chat(text)), test_id=test_id, **{"content-encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    assert len(edge.recorder.take(test_id).body) > 6 * ONE_MIB


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
@pytest.mark.parametrize("size", [LIMIT + ONE_MIB, 8 * ONE_MIB])
def test_a_bomb_is_too_large(edge, test_id, coding, size):
    """Also where Envoy's decompressor stops before the limit."""
    bomb = PACKED[coding](chat("x" * size))
    assert len(bomb) < ONE_MIB // 10
    answer = post(edge, bomb, test_id=test_id, **{"content-encoding": coding})
    if coding == "deflate" and size < LIMIT:
        assert answer.status_code == 200  # the filter's own bound is the size alone
        return
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"
    assert not edge.recorder.seen(test_id)


@pytest.mark.parametrize("coding", ["lz4", "gzip, br", "compress"])
def test_what_nobody_reads_is_refused(edge, test_id, coding):
    answer = post(edge, chat(), path="/v1/messages", test_id=test_id, **{"content-encoding": coding})
    # Of two codings Envoy tries the one that it knows.
    assert answer.status_code == (413 if "," in coding else 415)
    assert answer.json()["type"] == "error"
    assert "content-encoding" in answer.json()["error"]["message"]
    assert not edge.recorder.seen(test_id)
