"""A model provider that needs no key, for trying clients: OpenAI chat completions and responses, streamed or whole.

    python scripts/provider.py --port N

Every model says who it is. Where the newest message of a user says "run the command `X`" and the client offers a
tool that runs commands, the model asks for that command first and answers when it has the result. So an agent can go
through a whole task: ask, tool, answer. LiteLLM stands in front and translates the other dialects.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUNS_COMMANDS = re.compile(r"bash|shell|exec|terminal|run_command|command", re.I)
COMMAND = re.compile(r"(?i)run the command `([^`\n]+)`")


def texts(content: object) -> str:
    """The text of a message's content, whatever its form."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part.get("text", "") if isinstance(part, dict) else str(part) for part in content)
    return ""


def functions(tools: list) -> list[dict]:
    """Name and parameters of each function that is offered, in the form of either API."""
    found = []
    for tool in tools or []:
        function = tool.get("function", tool) if tool.get("type") == "function" else None
        if function:
            found.append({"name": function.get("name", ""), "parameters": function.get("parameters") or {}})
    return found


def arguments(parameters: dict, command: str) -> dict:
    """Arguments that a tool's schema asks for, with the command where one belongs."""
    given = {}
    properties = parameters.get("properties", {})
    for name in parameters.get("required", list(properties)[:1]):
        kind = properties.get(name, {}).get("type", "string")
        if kind == "array":
            given[name] = ["bash", "-lc", command]
        elif kind == "string" and re.search(r"command|cmd|script|input|code", name, re.I):
            given[name] = command
        elif kind == "string":
            values = properties.get(name, {}).get("enum")
            given[name] = values[0] if values else "runs a command"
        elif kind == "boolean":
            given[name] = False
        elif kind in ("integer", "number"):
            given[name] = 10_000
        else:
            given[name] = {}
    return given


def decide(messages: list[dict], tools: list) -> tuple[str, dict] | None:
    """The tool to ask for and its arguments; none where the answer is text."""
    # Some clients send system text behind the newest turn.
    messages = [message for message in messages if message.get("role") not in ("system", "developer")]
    if not messages or messages[-1].get("role") != "user":
        return None
    quoted = COMMAND.findall(texts(messages[-1].get("content")))
    if not quoted:
        return None
    for function in functions(tools):
        if RUNS_COMMANDS.search(function["name"]):
            return function["name"], arguments(function["parameters"], quoted[-1])
    return None


def as_messages(items: object) -> list[dict]:
    """The input of the responses API as messages."""
    if isinstance(items, str):
        return [{"role": "user", "content": items}]
    messages = []
    for item in items or []:
        if item.get("type") == "function_call_output":
            messages.append({"role": "tool", "content": item.get("output", "")})
        elif "role" in item:
            messages.append(item)
    return messages


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.whole({"object": "list", "data": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path.endswith("/chat/completions"):
            self.answer_chat(body)
        elif self.path.endswith("/responses"):
            self.answer_responses(body)
        else:
            self.whole({"error": {"message": f"no such path: {self.path}", "type": "invalid_request_error"}}, 404)

    def answer_chat(self, body: dict) -> None:
        model = body.get("model", "")
        call = decide(body.get("messages", []), body.get("tools", []))
        about = {"id": "chatcmpl-1", "created": int(time.time()), "model": model}
        usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
        finish = "tool_calls" if call else "stop"
        message: dict = {"role": "assistant", "content": None if call else f"This is {model}."}
        if call:
            function = {"name": call[0], "arguments": json.dumps(call[1])}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": finish}
            self.whole({**about, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        about["object"] = "chat.completion.chunk"
        if call:
            deltas = [message | {"tool_calls": [message["tool_calls"][0] | {"index": 0}]}]
        else:
            deltas = [{"role": "assistant", "content": ""}]
            deltas += [{"content": word} for word in re.findall(r"\S+\s*", message["content"])]
        events = [{**about, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        events.append({**about, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            events.append({**about, "choices": [], "usage": usage})
        self.events([(None, event) for event in events], done=True)

    def answer_responses(self, body: dict) -> None:
        model = body.get("model", "")
        call = decide(as_messages(body.get("input")), body.get("tools", []))
        response = {
            "id": "resp_1", "object": "response", "created_at": int(time.time()), "model": model, "output": [],
            "status": "in_progress", "tool_choice": "auto", "tools": [], "parallel_tool_calls": True, "error": None,
            "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
        }
        text = f"This is {model}."
        if call:
            item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": call[0],
                    "arguments": json.dumps(call[1]), "status": "completed"}
        else:
            part = {"type": "output_text", "text": text, "annotations": []}
            item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
        usage = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30,
                 "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        finished = response | {"status": "completed", "output": [item], "usage": usage}
        if not body.get("stream"):
            self.whole(finished)
            return
        at = {"item_id": item["id"], "output_index": 0}
        events = [("response.created", {"response": response}), ("response.in_progress", {"response": response})]
        if call:
            empty = item | {"arguments": "", "status": "in_progress"}
            events += [
                ("response.output_item.added", {"output_index": 0, "item": empty}),
                ("response.function_call_arguments.delta", at | {"delta": item["arguments"]}),
                ("response.function_call_arguments.done", at | {"arguments": item["arguments"]}),
            ]
        else:
            events += [
                ("response.output_item.added", {"output_index": 0, "item": item | {"content": [], "status": "in_progress"}}),
                ("response.content_part.added", at | {"content_index": 0, "part": part | {"text": ""}}),
                ("response.output_text.delta", at | {"content_index": 0, "delta": text}),
                ("response.output_text.done", at | {"content_index": 0, "text": text}),
                ("response.content_part.done", at | {"content_index": 0, "part": part}),
            ]
        events += [
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": finished}),
        ]
        numbered = [(kind, {"type": kind, "sequence_number": at, **event}) for at, (kind, event) in enumerate(events)]
        self.events(numbered)

    def whole(self, document: dict, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def events(self, events: list[tuple[str | None, dict]], done: bool = False) -> None:
        text = "".join((f"event: {kind}\n" if kind else "") + f"data: {json.dumps(event)}\n\n" for kind, event in events)
        body = (text + ("data: [DONE]\n\n" if done else "")).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int) -> ThreadingHTTPServer:
    """A server on loopback that has not begun to serve; port 0 takes any free one."""
    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    serve(parser.parse_args().port).serve_forever()
