"""An upstream of our own, for what LiteLLM does not show: it keeps every request as the bytes that arrived, and answers
in the dialect of the path, as JSON or as server-sent events."""

from __future__ import annotations

import json
import socket
import time

from upstream import Recorded, Upstream


class Recorder(Upstream):
    """Keeps what arrives, by `x-test-id`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._requests: dict[str, list[Recorded]] = {}
        super().__init__(host)

    def take(self, test_id: str, seconds: float = 10.0) -> Recorded:
        """The one request that carried `x-test-id: test_id`."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while not self._requests.get(test_id):
                assert self._lock.wait(deadline - time.monotonic()), f"no request {test_id} reached the recorder"
            requests = self._requests[test_id]
            assert len(requests) == 1, f"{len(requests)} requests {test_id} reached the recorder"
            return requests[0]

    def seen(self, test_id: str) -> bool:
        with self._lock:
            return bool(self._requests.get(test_id))

    def answer(self, connection: socket.socket, reader, request: Recorded) -> bool:
        with self._lock:
            for test_id in request.all("x-test-id"):
                self._requests.setdefault(test_id.decode(), []).append(request)
            self._lock.notify_all()
        if request.all("upgrade"):
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
            connection.sendall(reader.read(4))  # what the test sends after the handshake, back again
            return False
        for piece in _answer(request):
            connection.sendall(piece)
        return True


def _answer(request: Recorded):
    try:
        asked = json.loads(request.body)
    except (ValueError, RecursionError):
        asked = {}
    asked = asked if isinstance(asked, dict) else {}
    model = asked.get("model", "?")
    bare = request.path.split("?")[0]
    if asked.get("stream") or bare.endswith(":streamGenerateContent"):
        usage = (asked.get("stream_options") or {}).get("include_usage")
        events = "".join(_events(bare, model, usage)).encode()
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        # In pieces that respect no event.
        for start in range(0, len(events), 37):
            piece = events[start : start + 37]
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"
        return
    answer = json.dumps(_document(bare, model)).encode()
    yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer


def _document(path: str, model: str) -> dict:
    text = "recorded"
    if path.endswith("/messages"):
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn",
                "stop_sequence": None, "content": [{"type": "text", "text": text}],
                "usage": {"input_tokens": 1, "output_tokens": 1}}
    if path.endswith("/responses"):
        return _response(model, text)
    if path.endswith("Content"):
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}


def _response(model: str, text: str) -> dict:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": model,
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "output": [{"id": "m_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}]}


def _events(path: str, model: str, usage: bool | None):
    def event(kind: str, **data) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"

    if path.endswith("/messages"):
        start = _document(path, model) | {"content": [], "stop_reason": None}
        yield event("message_start", message=start)
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "recorded"})
        yield event("content_block_stop", index=0)
        yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                    usage={"output_tokens": 1})
        yield event("message_stop")
    elif path.endswith("/responses"):
        yield event("response.created", sequence_number=0, response=_response(model, "") | {"status": "in_progress"})
        yield event("response.output_text.delta", sequence_number=1, item_id="m_1", output_index=0, content_index=0,
                    delta="recorded", logprobs=[])
        yield event("response.completed", sequence_number=2, response=_response(model, "recorded"))
    elif path.endswith("Content"):
        yield f"data: {json.dumps(_document(path, model))}\n\n"
    else:
        for delta in ({"role": "assistant", "content": "rec"}, {"content": "orded"}):
            chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
                     "choices": [{"index": 0, "delta": delta}]}
            yield f"data: {json.dumps(chunk)}\n\n"
        if usage:
            told = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
            yield f"data: {json.dumps(chunk | {'choices': [], 'usage': told})}\n\n"
        yield "data: [DONE]\n\n"
