"""Asks through Open WebUI's server as its web page does: python openwebui.py [--continue] PROMPT. Prints the answer.

Starts the server with the settings of the file `env` in the working directory, which then holds its data too, waits until
answer, title, tags and follow-up questions are there, and stops it. `--continue` asks in the newest conversation.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

# Well before the time of a client is up, so that the server does not outlive this program.
DEADLINE = time.monotonic() + 140
MODEL = "smart/auto"
SETTINGS = {
    # As in its slim image: without models of its own, PyTorch and a vector database, which openwebui.txt leaves out.
    "USE_SLIM_DOCKER": "True",
    "OFFLINE_MODE": "True",
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "WEBUI_AUTH": "False",
}


def wait_until(condition, what: str):
    """What `condition()` returned once it is true."""
    while time.monotonic() < DEADLINE:
        if result := condition():
            return result
        time.sleep(0.2)
    sys.exit(f"{what}: not in time\n{log()}")


def log() -> str:
    return Path("server.log").read_text(errors="replace")[-2000:]


class Server:
    """The server's HTTP API, for its one user."""

    def __init__(self, port: int):
        self.url = f"http://127.0.0.1:{port}"
        self.token = ""
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path: str, body: dict | None = None):
        """A GET, or a POST of `body`."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode() if body else None)
        request.add_header("content-type", "application/json")
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        with self.opener.open(request, timeout=15) as answer:
            return json.load(answer)

    def healthy(self) -> bool:
        try:
            return self.call("/health")["status"]
        except OSError:
            return False

    def sign_in(self) -> None:
        """Without authentication anybody is the one user."""
        self.token = self.call("/api/v1/auths/signin", {"email": "", "password": ""})["token"]
        offered = [model["id"] for model in self.call("/api/models")["data"]]
        if MODEL not in offered:
            sys.exit(f"{MODEL} is not among the models on offer: {offered}")

    def newest(self) -> tuple[str, str]:
        """The newest conversation and its last message."""
        chat = self.call("/api/v1/chats/")[0]["id"]
        return chat, self.call(f"/api/v1/chats/{chat}")["chat"]["history"]["currentId"]

    def ask(self, prompt: str, chat: str | None, parent: str | None) -> str:
        """The answer; the server has made its requests for title, tags and follow-up questions by then."""
        question, answer = str(uuid.uuid4()), str(uuid.uuid4())
        message = {"id": question, "parentId": parent, "childrenIds": [], "role": "user", "content": prompt,
                   "timestamp": int(time.time()), "models": [MODEL]}
        tasks = {"follow_up_generation": True}
        if chat is None:
            tasks |= {"title_generation": True, "tags_generation": True}
        started = self.call("/api/chat/completions", {
            "stream": True, "model": MODEL, "params": {}, "features": {}, "variables": {}, "tool_servers": [],
            "session_id": str(uuid.uuid4()), "chat_id": chat, "parent_id": parent, "id": answer, "user_message": message,
            "background_tasks": tasks})
        chat = started["chat_id"]
        wait_until(lambda: not self.call(f"/api/tasks/chat/{chat}")["task_ids"], "the answer")
        # The title of a new conversation is made beside the answer.
        kept = wait_until(lambda: (now := self.call(f"/api/v1/chats/{chat}"))["title"] != "New Chat" and now, "the title")
        return kept["chat"]["history"]["messages"][answer]["content"]


def main(words: list[str]) -> None:
    continues = words[0] == "--continue"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = dict(line.split("=", 1) for line in Path("env").read_text().splitlines())
    environment = os.environ | SETTINGS | settings | {"DATA_DIR": str(Path("data").resolve())}
    program = [Path(sys.executable).parent / "open-webui", "serve", "--host", "127.0.0.1", "--port", str(port)]
    Path("data").mkdir(exist_ok=True)
    with Path("server.log").open("wb") as out:
        process = subprocess.Popen(program, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        server = Server(port)
        wait_until(lambda: server.healthy() or process.poll() is not None, "the server")
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode}\n{log()}")
        server.sign_in()
        chat, parent = server.newest() if continues else (None, None)
        print(server.ask(words[-1], chat, parent))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


main(sys.argv[1:])
