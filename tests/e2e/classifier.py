"""A classifier of our own that answers well or as badly as it is told to, and an Envoy whose filter asks it."""

from __future__ import annotations

import json
import re
import socket
import struct
from collections import Counter
from pathlib import Path

from gateway import stacks, user
from momentum import Running
from upstream import Recorded, Upstream

MODELS = {"SIMPLE": "tiny", "MEDIUM": "mid", "COMPLEX": "big", "REASONING": "deep"}
# A hang is over when the test is: no answer comes before the deadline of any test.
DEADLINE_MS = 400


def completion(content: str | None, model: str = "judge", **message: object) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content} | message}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice],
                       "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}).encode()


class Classifier(Upstream):
    """`tier` is what it names, `mode` how: `good`, `500`, `400`, `hang`, `reset`, `half`, or one of BODIES. `by_text` has
    modes for asks with a word in them. `asked` has the bodies that came."""

    BODIES = {
        "nonsense": completion("It is REASONING, I think."),
        "other tier": completion('{"tier": "ULTRA"}'),
        "list": completion('["REASONING"]'),
        "two tiers": completion('{"tier": "SIMPLE", "tier": "REASONING"}'),
        "no content": completion(None),
        "refusal": completion(None, refusal="I cannot help with that."),
        "no JSON": b"<html>",
        "no choices": b'{"choices": []}',
        "empty": b"",
        "large": completion('{"tier": "REASONING"}' + " " * 100_000),
    }

    def __init__(self) -> None:
        self.tier, self.mode = "REASONING", "good"
        self.by_text: dict[str, str] = {}
        self.asked: list[dict] = []
        self.heads: list[Recorded] = []
        self.waiting = 0
        self._over = False
        super().__init__()

    def __enter__(self) -> Classifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.refuse()

    def release(self) -> None:
        with self._lock:
            self._over = True
            self._lock.notify_all()

    def be(self, mode: str, tier: str = "REASONING") -> None:
        with self._lock:
            self.mode, self.tier = mode, tier

    def wait_waiting(self, count: int, seconds: float = 20.0) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: self.waiting >= count, seconds), f"{self.waiting} of {count} wait"

    def answer(self, connection: socket.socket, reader, request: Recorded) -> bool:
        if not request.body:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            return True
        document = json.loads(request.body)
        with self._lock:
            self.asked.append(document)
            self.heads.append(request)
            words = document["messages"][-1]["content"]
            mode = next((mode for word, mode in self.by_text.items() if word in words), self.mode)
            tier = self.tier
            self._lock.notify_all()
        status, body = "200 OK", completion(json.dumps({"tier": tier}))
        match mode:
            case "good":
                pass
            case "500" | "400" | "429" | "401":
                status, body = f"{mode} Error", b'{"error": {"message": "no"}}'
            case "hang":
                with self._lock:
                    self.waiting += 1
                    self._lock.notify_all()
                    self._lock.wait_for(lambda: self._over, 60)
                    self.waiting -= 1
                return False
            case "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case "half":
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n" + body)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case _:
                body = self.BODIES[mode]
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return True


class Asking(Running):
    """The demo's Envoy, four models of an upstream that says who it is, and a classifier."""

    def __init__(self, directory: Path, upstream_port: int, classifier_port: int, *, workers: int = 2,
                 more: dict | None = None, **classifier: object):
        envoy = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(), litellm_port=upstream_port,
                                  signals_port=stacks.free_port())
        listener = stacks.listener(envoy)
        envoy["static_resources"]["listeners"] = [listener]
        envoy["static_resources"]["clusters"].append(stacks.cluster("classifier", classifier_port))
        stacks.set_tiergate_configuration(listener, {
            "default_cluster": "litellm", "filter_state": True, "headers": {"response": "full"}, "baseline": "deep",
            "models": {name: {"input_price": price, "output_price": price}
                       for price, name in enumerate(MODELS.values(), 1)},
            "tiers": MODELS,
            # Every ask is unsure, and all may be asked.
            "classifier": {"model": "judge", "cluster": "classifier", "band": 1.0, "max_share": 1.0,
                           "timeout_ms": DEADLINE_MS} | classifier,
        } | (more or {}))
        super().__init__(directory, envoy, workers=workers)

    def tier(self, prompt: str, **more) -> tuple[str, str]:
        """Tier and cause of an answered request, which the tier's model serves."""
        answer = self.post(messages=user(prompt), **more)
        assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
        tier = answer.headers["x-tiergate-tier"]
        assert answer.json()["model"] == MODELS[tier]
        return tier, answer.headers["x-tiergate-cause"]

    def outcomes(self) -> Counter:
        """What became of asks, by word."""
        text = self.admin("/stats?filter=tiergate.second_opinions")
        return Counter({word: int(count) for word, count in re.findall(r"second_opinions;outcome=(\w+): (\d+)$", text, re.M)})
