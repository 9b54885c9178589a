"""An upstream of our own that fails as it is told to, model by model, and keeps what it was asked."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import uuid
from collections import defaultdict
from dataclasses import dataclass

from upstream import Recorded, Upstream

CONTEXT = {"error": {"message": "This model's maximum context length is 8000 tokens.", "type": "invalid_request_error",
                     "param": "messages", "code": "context_length_exceeded"}}
CONTEXT_ANTHROPIC = {"type": "error", "error": {"type": "invalid_request_error",
                                                "message": "prompt is too long: 9000 tokens > 8000 maximum"}}
POLICY = {"error": {"message": "Your request was rejected as a result of our safety system.", "param": None,
                    "type": "invalid_request_error", "code": "content_policy_violation"}}
NO_MODEL = {"error": {"message": "The model `x` does not exist or you do not have access to it.", "code": "model_not_found"}}
NO_MONEY = {"error": {"message": "Insufficient credits. Add more using the link.", "code": 402}}
NO_BALANCE = {"type": "error", "error": {"type": "invalid_request_error",
                                         "message": "Your credit balance is too low to access the Anthropic API."}}
TOKENS_A_MINUTE = {"error": {"message": "Request too large for model `m` in organization `o` on tokens per minute (TPM): Limit "
                             "6000, Requested 9000.", "type": "tokens", "code": "rate_limit_exceeded"}}
CANNOT = {"error": {"message": "The server cannot serve this now.", "type": "server_error", "code": 503}}
POLICY_XAI = {"code": "The caller does not have permission", "error": "Content violates usage guidelines. Failed check: X"}
FOREIGN = {"error": {"message": "The `reasoning_content` in the thinking mode must be passed back to the API."}}
ECHO = {"error": {"message": "Invalid value for 'messages[0].content': 'prompt is too long'", "code": "invalid_value"}}
OTHER = {"error": {"message": "Unknown parameter: 'foo'.", "type": "invalid_request_error", "param": "foo", "code": None}}
LATE = 0.3  # seconds
LATER = 0.6  # what says something of a model (src/filter/attempt.rs)
# Mode -> status, more headers, document.
ERRORS = {
    "400": (400, {}, OTHER),
    "401": (401, {}, {"error": {"message": "Incorrect API key"}}),
    "403": (403, {}, {"error": {"message": "This key may not do that"}}),
    "404": (404, {}, {"error": {"message": "no such path"}}),
    "422": (422, {}, OTHER),
    "echo": (400, {}, ECHO),
    "no model": (404, {}, NO_MODEL),
    "no money": (402, {}, NO_MONEY),
    "foreign": (400, {}, FOREIGN),
    "no balance": (400, {}, NO_BALANCE),
    "tokens a minute": (413, {}, TOKENS_A_MINUTE),
    "quota, 422": (422, {}, {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}),
    "error in a 200": (200, {}, CANNOT),
    "error in a stream": (200, {"content-type": "text/event-stream"}, CANNOT),
    "nothing in a 200": (200, {}, b""),
    "nothing in a stream": (200, {"content-type": "text/event-stream"}, b"data: [DONE]\n\n"),
    "a code in a 200": (200, {}, {"code": "InternalError.Algo", "message": "The server cannot serve this now.", "request_id": "r"}),
    "policy, 403": (403, {}, POLICY_XAI),
    "context, 422": (422, {}, CONTEXT),
    "context, 413": (413, {"content-type": "text/html"}, CONTEXT),
    "context, text": (400, {"content-type": "text/plain"}, CONTEXT),
    "context, gzip": (400, {"content-encoding": "gzip"}, CONTEXT),
    "429": (429, {}, {"error": {"message": "slow down"}}),
    "429 for 60 s": (429, {"retry-after": "60"}, {"error": {"message": "Rate limit reached for requests"}}),
    "429 for 3 s": (429, {"retry-after": "3"}, {"error": {"message": "slow down"}}),
    "429, 3 s in the body": (429, {}, {"error": {"code": 429, "message": "slow down", "details": [{"retryDelay": "3.2s"}]}}),
    "500": (500, {}, {"error": {"message": "oops"}}),
    "503": (503, {}, {"error": {"message": "overloaded"}}),
    "context": (400, {}, CONTEXT),
    "context, Anthropic": (400, {}, CONTEXT_ANTHROPIC),
    "context, marked": (400, {"x-tiergate-retry": "context_window"}, OTHER),
    "policy": (400, {}, POLICY),
    "context, large": (400, {}, CONTEXT | {"padding": "x" * 200_000}),
}


@dataclass
class Asked:
    """One request: names lower-case; repeated headers as lists would show."""

    path: str
    model: str
    headers: dict[str, list[str]]
    body: bytes


class Faulty(Upstream):
    """`modes` says how each model answers: `good` or `good, gzip`, one of
    ERRORS, `hang` (no answer until the test is over), `reset` (before an answer; the first time; or after a while), `die` (in the middle of a stream),
    `slow` (a stream without an end), `silent` (the head of a stream and nothing behind it), `late` (a good answer after a
    while). `keys` says what is otherwise for a credential."""

    def __init__(self) -> None:
        self.modes: dict[str, str] = defaultdict(lambda: "good")
        self.keys: dict[str, dict[str, str]] = {}
        self.asked: list[Asked] = []
        self.waiting = 0
        self._over = False
        super().__init__()

    def __enter__(self) -> Faulty:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            self._lock.notify_all()
        self.refuse()

    def be(self, **modes: str) -> None:
        """Every model is good but for these."""
        with self._lock:
            self.modes.clear()
            self.modes.update(modes)

    def of(self, test_id: str) -> list[Asked]:
        """What arrived with `x-test-id: test_id`, in order."""
        with self._lock:
            return [each for each in self.asked if each.headers.get("x-test-id") == [test_id]]

    def wait_waiting(self, count: int, seconds: float = 20.0) -> None:
        """Until so many requests hang or stream."""
        with self._lock:
            assert self._lock.wait_for(lambda: self.waiting == count, seconds), f"{self.waiting} of {count} wait"

    def answer(self, connection: socket.socket, reader, request: Recorded) -> bool:
        path, body = request.path, request.body
        if not body:  # a health check
            _send(connection, "200 OK", {}, b"")
            return True
        document = {"model": _field(body)} if body.startswith(b"--") else json.loads(body)
        in_path = path.split("/models/")[-1].split(":")[0] if "/models/" in path else None
        model = in_path or document["model"]
        headers: dict[str, list[str]] = defaultdict(list)
        for name, value in request.headers:
            headers[name].append(value.decode("latin-1"))
        with self._lock:
            self.asked.append(Asked(path, model, dict(headers), body))
            key = "".join(headers.get("authorization", [])).removeprefix("Bearer ")
            mode = self.keys.get(key, self.modes).get(model, "good")
            if mode == "reset, once":
                mode, self.modes[model] = "reset", "good"
            self._lock.notify_all()
        return self._reply(connection, mode, path, model, document)

    def _reply(self, connection: socket.socket, mode: str, path: str, model: str, document: dict) -> bool:
        if mode == "late":
            with self._lock:
                self._lock.wait_for(lambda: self._over, LATE)
            mode = "good"
        if mode == "hang":
            self._wait(connection, lambda: None)
        elif mode == "reset":
            _reset(connection)
        elif mode == "reset, late":
            with self._lock:
                self._lock.wait_for(lambda: self._over, LATER)
            _reset(connection)
        elif mode == "silent":
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            self._wait(connection, lambda: None)
        elif mode in ("die", "slow"):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            chunk = f"data: {json.dumps({'model': model, 'choices': [{'index': 0, 'delta': {'content': 'x'}}]})}\n\n".encode()
            send = lambda: connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))  # noqa: E731
            send()
            if mode == "slow":
                self._wait(connection, send)
            else:
                _reset(connection)
        elif mode in ERRORS:
            status, more, error = ERRORS[mode]
            body = error if isinstance(error, bytes) else json.dumps(error).encode()
            is_event = body is not error and "event-stream" in more.get("content-type", "")
            body = b"data: " + body + b"\n\n" if is_event else body
            body = gzip.compress(body) if "content-encoding" in more else body
            _send(connection, f"{status} Error", {"content-type": "application/json"} | more, body)
            return True
        elif document.get("stream"):
            events = "".join(f"data: {json.dumps(each)}\n\n" for each in _chunks(model)) + "data: [DONE]\n\n"
            _send(connection, "200 OK", {"content-type": "text/event-stream"}, events.encode())
            return True
        else:
            answer = json.dumps(_good(path, model)).encode()
            packed = {"content-encoding": "gzip"} if mode == "good, gzip" else {}
            answer = gzip.compress(answer) if packed else answer
            _send(connection, "200 OK", {"content-type": "application/json"} | packed, answer)
            return True
        return False

    def _wait(self, connection: socket.socket, meanwhile) -> None:
        """Until the proxy goes away or the test is over."""
        with self._lock:
            self.waiting += 1
            self._lock.notify_all()
        try:
            connection.settimeout(0.05)
            while not self._over:
                try:
                    if not connection.recv(1):
                        return
                except TimeoutError:
                    meanwhile()
        finally:
            with self._lock:
                self.waiting -= 1
                self._lock.notify_all()


def _field(form: bytes) -> str:
    """The model that a form names."""
    (value,) = re.findall(rb'name="model"\r\n\r\n(.*?)\r\n--', form)
    return value.decode()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RD)


def _send(connection: socket.socket, status: str, headers: dict[str, str], body: bytes) -> None:
    head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}"]
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)


def _good(path: str, model: str) -> dict:
    text = f"This is {model}."
    if path.split("?")[0].endswith("/messages"):
        return {"id": "m", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn",
                "content": [{"type": "text", "text": text}], "usage": {"input_tokens": 10, "output_tokens": 5}}
    if "/models/" in path:
        return {"modelVersion": model, "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}],
                "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5}}
    if path.split("?")[0].endswith("/responses"):
        return {"id": f"resp_{uuid.uuid4().hex}", "object": "response", "status": "completed", "model": model,
                "output": [{"id": "msg_1", "type": "message", "role": "assistant",
                            "content": [{"type": "output_text", "text": text}]}],
                "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}


def _chunks(model: str) -> list[dict]:
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
    return [base | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hello"}}]},
            base | {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}]
