"""What happens to bytes and headers on their way through the filter, seen by an upstream that keeps what arrives."""

import gzip
import json

import httpx
import pytest

from gateway import RECORDED, user
from wire import chunks, http1, http2, request

GREETING = "Hello!"
SMALL = "small/v1"  # what smart/recorded writes into an easy request
LIMIT = 32 * 1024 * 1024  # request_body_buffer_limit of the shipped files
LARGE_BODY = LIMIT + 2 * 1024 * 1024
JSON = ("content-type", "application/json")


def chat(text=GREETING, model="smart/recorded", **more) -> bytes:
    return json.dumps({"model": model, "messages": user(text)} | more).encode()


# ------------------------------------------------------------------------------------------------- bodies, rewritten


ODD = (b' {\n\t"temperature" : 1.0E+0 , "unknown":{"model":"smart/recorded","deep":[[[{}]]]}, "n":1, "n": 2,\r\n'
       b'"messages":[{"role":"user","content":"Hello! \\u00e9\\ud83d\\ude00 \\/ \xc3\xa9 \\"model\\": \\"x\\""}],'
       b'"model" \t:\n "smart/recorded" , "stop":null,"big":123456789012345678901234567890}  \n')


@pytest.mark.parametrize("spelled", [b'"smart/recorded"', b'"smart\\/recorded"', b'"\\u0073mart/recorded"'])
def test_only_the_models_value_changes(send, spelled):
    head, _, tail = ODD.rpartition(b'"smart/recorded"')
    answer, got = send(head + spelled + tail)
    assert got.body == head + b'"small/v1"' + tail
    assert got.one("content-length") == str(len(got.body))
    assert answer.headers["x-tiergate-cause"] == "score"


def test_every_model_key_is_rewritten(send):
    body = b'{"model":"a","messages":[{"role":"user","content":"Hello!"}],"model":"smart/recorded","model":"my-router"}'
    _, got = send(body)
    assert got.body == (b'{"model":"small/v1","messages":[{"role":"user","content":"Hello!"}],"model":"small/v1",'
                        b'"model":"small/v1"}')


def test_a_model_that_is_no_string_is_rewritten_beside_one_that_asks(send):
    body = (b'{"model": ["x", {"model": "]"}] ,"messages":[{"role":"user","content":"Hello!"}],'
            b'"model":"smart/recorded","model":7 , "model":null}')
    answer, got = send(body)
    assert answer.headers["x-tiergate-tier"] == "SIMPLE"
    assert got.body == (b'{"model": "small/v1" ,"messages":[{"role":"user","content":"Hello!"}],'
                        b'"model":"small/v1","model":"small/v1" , "model":"small/v1"}')


def test_of_two_model_keys_the_last_one_asks(send):
    body = b'{"model":"smart/recorded","messages":[{"role":"user","content":"Hello!"}],"model":"house"}'
    answer, got = send(body)
    assert got.body == body.replace(b"smart/recorded", b"house-upstream").replace(b'"house"', b'"house-upstream"')
    assert answer.headers["x-tiergate-cause"] == "pinned"


@pytest.mark.parametrize("listener", ["gateway", "basic", "silent"])
def test_a_pinned_body_is_the_clients_byte_for_byte(send, listener):
    body = ODD.replace(b"smart/recorded", b"promoted")
    _, got = send(body, listener=listener)
    assert got.body == body
    assert got.one("content-length") == str(len(body))


def test_a_body_that_comes_in_pieces(gateway, test_id):
    body = chat()
    cuts = [0, 1, 12, 17, 40, len(body)]  # inside the key, inside the model's name
    head = request("POST", "/v1/chat/completions",
                   [JSON, ("x-test-id", test_id), ("content-length", str(len(body)))])
    pieces = [body[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    status, headers, _ = http1(gateway.port, head, *pieces)
    assert status == 200
    assert headers["x-tiergate-model"] == "recorded-small"
    assert gateway.recorder.take(test_id).body == body.replace(b"smart/recorded", b"small/v1")


def test_chunked(gateway, test_id):
    body = chat()
    head = request("POST", "/v1/chat/completions", [JSON, ("x-test-id", test_id), ("transfer-encoding", "chunked")])
    status, _, _ = http1(gateway.port, head, chunks(body[:20], body[20:]))
    assert status == 200
    got = gateway.recorder.take(test_id)
    assert got.body == body.replace(b"smart/recorded", b"small/v1")
    assert not (got.all("content-length") and got.all("transfer-encoding"))


def test_chunked_with_trailers(gateway, test_id):
    body = chat()
    head = request("POST", "/v1/chat/completions",
                   [JSON, ("x-test-id", test_id), ("transfer-encoding", "chunked"), ("trailer", "x-checksum")])
    status, headers, _ = http1(gateway.port, head, chunks(body, trailers=b"x-checksum: 7\r\n"))
    assert status == 200
    assert headers["x-tiergate-model"] == "recorded-small"
    got = gateway.recorder.take(test_id)
    assert got.body == body.replace(b"smart/recorded", b"small/v1")
    assert got.one("x-tiergate-cluster") == gateway.recorded_at
    assert ("x-checksum", b"7") in got.trailers


@pytest.mark.parametrize("length", [True, False], ids=["content-length", "no length"])
@pytest.mark.parametrize("trailers", [None, [("x-checksum", "7")]], ids=["no trailers", "trailers"])
def test_http2(gateway, test_id, length, trailers):
    body = chat()
    headers = [JSON, ("x-test-id", test_id)] + [("content-length", str(len(body)))] * length
    status, answer, _ = http2(gateway.port, "/v1/chat/completions", headers, body[:20], body[20:], trailers=trailers)
    assert status == 200
    assert answer["x-tiergate-model"] == "recorded-small"
    got = gateway.recorder.take(test_id)
    assert got.body == body.replace(b"smart/recorded", b"small/v1")
    for value in got.all("content-length"):
        assert int(value) == len(got.body)


def test_http2_client_library(gateway, test_id):
    with httpx.Client(http1=False, http2=True, trust_env=False, timeout=60) as client:
        answer = client.post(f"{gateway.url}/v1/chat/completions", content=chat(),
                             headers={"content-type": "application/json", "x-test-id": test_id})
    assert answer.http_version == "HTTP/2"
    assert answer.headers["x-tiergate-model"] == "recorded-small"
    assert json.loads(gateway.recorder.take(test_id).body)["model"] == SMALL


def test_content_types(send):
    """JSON by any of its names is read; anything else passes unread."""
    answer, got = send(chat(), headers={"content-type": "application/json; charset=utf-8"})
    assert json.loads(got.body)["model"] == SMALL
    assert answer.headers["x-tiergate-cause"] == "score"


def test_no_content_type_is_taken_for_json(gateway, test_id):
    body = chat()
    head = request("POST", "/v1/chat/completions", [("x-test-id", test_id), ("content-length", str(len(body)))], body)
    status, headers, _ = http1(gateway.port, head)
    assert (status, headers["x-tiergate-cause"]) == (200, "score")
    assert json.loads(gateway.recorder.take(test_id).body)["model"] == SMALL


def test_an_upload_passes_unread(send):
    body = b"--x\r\ncontent-disposition: form-data; name=model\r\n\r\nsmart/recorded\r\n--x--\r\n"
    answer, got = send(body, path="/v1/files", headers={"content-type": "multipart/form-data; boundary=x"},
                       listener="basic")
    assert got.body == body
    assert "x-tiergate-cause" not in answer.headers


# ------------------------------------------------------------------------------------------ bodies that cannot be read


WHOLE = chat("Hello, this is a prompt of some length.", stream=False)
CUTS = {name: at for name, at in {
    "in the text": WHOLE.index(b"prompt"),
    "in a key": WHOLE.index(b"messages") + 3,
    "after a colon": WHOLE.index(b"messages") + 10,
    "after the model": WHOLE.index(b"smart/recorded") + 15,
    "before the end": len(WHOLE) - 1,
}.items()}


@pytest.mark.parametrize("cut", CUTS)
def test_cut_off_behind_the_model(send, cut):
    """It goes on: the virtual name becomes the default model, the rest is as broken as it came."""
    body = WHOLE[: CUTS[cut]]
    answer, got = send(body)
    assert answer.headers["x-tiergate-cause"] == "unparsable"
    assert got.body == body.replace(b"smart/recorded", b"medium")
    assert got.one("x-tiergate-model") == "recorded-medium"
    assert got.one("content-length") == str(len(got.body))


@pytest.mark.parametrize("body", [
    WHOLE[:8], WHOLE[: WHOLE.index(b"smart") + 3], b"{", b'"', b"[]", b"null", b"\xff\xfe\x00", b"{}}", b"no JSON",
    b'{"model":', b'{"messages":[]', b'{"a":1,}', b'{"model" "smart/recorded"}',
], ids=repr)
def test_broken_without_a_model_passes_as_it_is(gateway, send, body):
    answer, got = send(body, listener="basic")
    assert answer.headers["x-tiergate-cause"] == "unparsable"
    assert got.body == body
    assert got.one("x-tiergate-cluster") == gateway.recorded_at


@pytest.mark.parametrize(("body", "cause"), [
    (b"{}", "no_model"),
    (b'{"temperature":1}', "no_model"),
    (b'{"model":7,"messages":[]}', "no_model"),
    (b'{"model":"smartish/unheard-of","messages":[]}', "pinned"),
])
def test_nothing_that_asks_for_a_choice_passes_as_it_is(send, body, cause):
    answer, got = send(body, listener="basic")
    assert answer.headers["x-tiergate-cause"] == cause
    assert got.body == body


@pytest.mark.parametrize("body", [
    b'{"model":"smart/recorded"}',
    b'{"model":"smart/recorded","messages":[]}',
    b'{"model":"smart/recorded","messages":null}',
    b'{"model":"smart/recorded","messages":7}',
    b'{"model":"smart/recorded","messages":[{"role":"system","content":"Be brief."}]}',
    b'{"model":"smart/recorded","messages":[{"role":"user","content":[]}]}',
    b'{"model":"smart/recorded","messages":[7,null,{"role":7}]}',
])
def test_no_prompt_gives_the_default_model(send, body):
    answer, got = send(body)
    assert answer.headers["x-tiergate-cause"] == "no_prompt"
    assert got.body == body.replace(b"smart/recorded", b"medium")


def test_too_deep(send):
    body = b'{"model":"smart/recorded","x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    answer, got = send(body)
    assert answer.headers["x-tiergate-cause"] == "unparsable"
    assert got.body == body.replace(b"smart/recorded", b"medium")


def test_three_megabytes_of_brackets(gateway, send):
    """A hostile body costs neither the worker nor its memory."""
    answer, _ = send(b'{"model":"smart/recorded","x":[' + b"[],[[]]," * 400_000 + b"0]}")
    assert answer.headers["x-tiergate-cause"] in ("no_prompt", "unparsable")


def test_text_that_is_not_utf8(send):
    body = chat().replace(b"Hello!", b"Hello \xff\xfe!")
    answer, got = send(body)
    assert got.body == body.replace(b"smart/recorded", got.body.split(b'"')[3])
    assert answer.headers["x-tiergate-model"].startswith("recorded-")


def test_compressed_gemini_has_its_model_in_the_path_all_the_same(send):
    body = b"packed in a way that nobody here reads"
    answer, got = send(body, path="/v1beta/models/smart/recorded:generateContent",
                       headers={"content-encoding": "lz4"})
    assert got.path == "/v1beta/models/medium:generateContent"
    assert got.body == body
    assert answer.headers["x-tiergate-cause"] == "encoded"


@pytest.mark.parametrize("model", ["smart/recorded", "smart%2Frecorded", "smart%2frecorded", "my-router"])
def test_gemini_path(send, model):
    document = {"contents": [{"role": "user", "parts": [{"text": GREETING}]}]}
    answer, got = send(document, path=f"/v1beta/models/{model}:generateContent?alt=json")
    assert answer.headers["x-tiergate-model"] == "recorded-small"
    prefix, suffix = "/v1beta/models/", ":generateContent?alt=json"
    assert got.path.startswith(prefix)
    assert got.path.endswith(suffix)
    assert got.path[len(prefix) : -len(suffix)].lower().replace("%2f", "/") == SMALL
    assert json.loads(got.body) == document


def test_gemini_pinned(send):
    path = "/v1beta/models/promoted:streamGenerateContent?alt=sse"
    body = b'{"contents":[{"parts":[{"text":"Hello!"}]}]}'
    answer, got = send(body, path=path)
    assert (got.path, got.body) == (path, body)
    assert answer.headers["x-tiergate-cause"] == "pinned"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_body(gateway, client, test_id, method):
    answer = client.request(method, f"{gateway.address('basic')}/v1/chat/completions", headers={"x-test-id": test_id})
    assert answer.status_code == 200
    assert gateway.recorder.take(test_id).one("x-tiergate-cluster") == gateway.recorded_at
    assert answer.headers.get("x-tiergate-cause") == {"POST": "no_body", "GET": None}[method]


def test_upgrade(gateway, test_id):
    """A websocket is passed on at once, and bytes flow both ways."""
    head = request("GET", "/v1/realtime?model=one-nobody-knows", [
        ("x-test-id", test_id), ("connection", "upgrade"), ("upgrade", "websocket"),
        ("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("x-tiergate-cluster", "litellm")])
    status, _, echoed = http1(gateway.ports["basic"], head)
    assert (status, echoed) == (101, b"ping")
    assert gateway.recorder.take(test_id).one("x-tiergate-cluster") == gateway.recorded_at


@pytest.mark.parametrize(("asked", "cause", "served"), [
    ("smart/recorded", "side_path", "recorded-medium"), ("my-router", "side_path", "recorded-medium"), ("house", "pinned", "house")])
def test_the_model_of_an_upgrade(gateway, test_id, asked, cause, served):
    """It stands in the query alone: a virtual one becomes the default model, and each is counted as the one that serves."""
    status, headers, _ = http1(gateway.port, request("GET", f"/v1/realtime?x=1&model={asked}", [
        ("x-test-id", test_id), ("connection", "upgrade"), ("upgrade", "websocket"),
        ("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]))
    assert (status, headers["x-tiergate-cause"], headers["x-tiergate-model"]) == (101, cause, served)
    upstream = RECORDED[served]["upstream_model"]
    assert gateway.recorder.take(test_id).path == f"/v1/realtime?x=1&model={upstream}"


def test_upgrade_of_a_post_to_an_llm_path(gateway, test_id):
    head = request("POST", "/v1/chat/completions", [
        JSON, ("x-test-id", test_id), ("connection", "upgrade"), ("upgrade", "websocket"),
        ("transfer-encoding", "chunked")])
    status, _, _ = http1(gateway.ports["basic"], head)
    assert status == 101


# --------------------------------------------------------------------------------------------------------- the limit


def test_over_the_limit(gateway, client, send):
    body = chat("x" * LARGE_BODY)
    answer = client.post(f"{gateway.url}/v1/chat/completions", content=body, headers=dict([JSON]))
    assert answer.status_code == 413
    # The worker goes on with the next request.
    after, _ = send(chat())
    assert after.headers["x-tiergate-model"] == "recorded-small"


def test_just_under_the_limit(send):
    body = chat("x" * (LIMIT - 200))
    _, got = send(body)
    head, _, tail = body.partition(b"smart/recorded")
    model = json.loads(got.body)["model"].encode()
    assert got.body == head + json.dumps(model.decode(), ensure_ascii=False).encode()[1:-1] + tail


def test_no_limit_on_what_is_not_read(gateway, client, test_id):
    """An upload is not buffered, so its size does not matter."""
    answer = client.post(f"{gateway.address('basic')}/v1/files", content=b"x" * LARGE_BODY,
                         headers={"content-type": "application/octet-stream", "x-test-id": test_id})
    assert answer.status_code == 200
    assert len(gateway.recorder.take(test_id).body) == LARGE_BODY


# ----------------------------------------------------------------------------------------------------------- headers


FORGED = [
    ("x-tiergate-cluster", "litellm"), ("x-tiergate-cluster", "nowhere"), ("X-Tiergate-Model", "forged"),
    ("x-tiergate-tier", "FORGED"), ("x-tiergate-tier", b"\xff\xfe"), ("x-tiergate-chain", "forged"),
    ("x-gateway-model-name", "forged"), ("x-gateway-model-name", "twice"),
]
PATHS = {
    "LLM call": ("POST", "/v1/chat/completions", [JSON], chat()),
    "pinned": ("POST", "/v1/chat/completions", [JSON], chat(model="house")),
    "broken": ("POST", "/v1/chat/completions", [JSON], chat()[:30]),
    "Gemini": ("POST", "/v1beta/models/smart/recorded:generateContent", [JSON], b'{"contents":[]}'),
    "no LLM call": ("POST", "/v1/embeddings", [JSON], b'{"model":"smart/recorded"}'),
    "no JSON": ("POST", "/v1/chat/completions", [("content-type", "text/plain")], b"hello"),
    "GET": ("GET", "/v1/models", [], b""),
    "no body": ("POST", "/v1/chat/completions", [], b""),
    "compressed": ("POST", "/v1/chat/completions", [JSON, ("content-encoding", "gzip")], gzip.compress(chat())),
    "upgrade": ("GET", "/v1/realtime", [("connection", "upgrade"), ("upgrade", "websocket")], b""),
}


@pytest.mark.parametrize("name", PATHS)
def test_forged_headers_never_arrive(gateway, test_id, name):
    """The default cluster is the recorder, which shows that a forged cluster header picked nothing."""
    method, path, headers, body = PATHS[name]
    length = [("content-length", str(len(body)))] * bool(body or method == "POST")
    head = request(method, path, [*FORGED, ("x-test-id", test_id), *headers, *length], body)
    status, _, _ = http1(gateway.ports["forged"], head)
    assert status in (200, 101)
    got = gateway.recorder.take(test_id)
    assert got.one("x-tiergate-cluster") == gateway.recorded_at
    for forged in ("x-tiergate-model", "x-tiergate-tier", "x-gateway-model-name", "x-tiergate-chain"):
        assert got.one(forged) not in ("forged", "FORGED", "twice")
        assert b"\xff\xfe" not in got.all(forged)


def test_what_the_upstream_is_told(gateway, send):
    _, got = send(chat())
    assert got.one("x-tiergate-cluster") == gateway.recorded_at
    assert got.one("x-tiergate-model") == "recorded-small"
    assert got.one("x-tiergate-tier") == "SIMPLE"
    assert got.one("x-gateway-model-name") == SMALL


def test_odd_header_bytes(gateway, test_id):
    """A header need not be UTF-8: neither its being there nor a forged one of ours stops anything."""
    body = chat()
    head = request("POST", "/v1/chat/completions", [
        JSON, ("x-test-id", test_id), ("x-odd", b"\xff\xfe\x80"), ("user-agent", b"caf\xe9"),
        ("x-tiergate-model", b"\xff"), ("content-length", str(len(body)))], body)
    status, headers, _ = http1(gateway.port, head)
    assert status == 200
    assert headers["x-tiergate-model"] == "recorded-small"
    got = gateway.recorder.take(test_id)
    assert got.all("x-odd") == [b"\xff\xfe\x80"]
    assert got.all("x-tiergate-model") == [b"recorded-small"]


FULL = {"x-tiergate-model", "x-tiergate-tier", "x-tiergate-cause", "x-tiergate-profile", "x-tiergate-score",
        "x-tiergate-confidence", "x-tiergate-savings"}
BASIC = {"x-tiergate-model", "x-tiergate-tier", "x-tiergate-cause"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("listener", "names"), [("gateway", FULL), ("basic", BASIC), ("silent", set())])
def test_what_the_client_is_told(send, listener, names, stream):
    answer, got = send(chat(stream=stream), listener=listener)
    assert {name for name in answer.headers if name.startswith("x-tiergate")} == names
    assert json.loads(got.body)["model"] == SMALL
    if stream:
        assert answer.text.endswith("data: [DONE]\n\n")
