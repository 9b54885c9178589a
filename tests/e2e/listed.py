"""An upstream that has a list of models and answers chats with the model that it was asked for."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway import stacks


class Listed:
    """`names` are listed; `broken` is sent in place of the list where it is something."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.broken = names, ""
        self.asked = 0
        self.port = stacks.free_port()

    def __enter__(self) -> Listed:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if self.path.startswith("/v1/models") and self.headers.get("authorization") == "Bearer nobody":
                    return self.answer(401, json.dumps({"error": {"message": "who are you"}}))
                upstream.asked += 1
                data = [{"id": name, "object": "model", "owned_by": "vllm"} for name in upstream.names]
                self.answer(200, upstream.broken or json.dumps({"object": "list", "data": data}))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}
                self.answer(200, json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                                             "choices": [choice]}))

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
