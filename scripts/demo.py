"""Sends one request of each kind through the real stack, prints what became of it, and fails if a row is not as it says.

The model in the table is the one LiteLLM says it served: `model` in its answer, in the first event of a stream, or, for
Gemini answers, which name none, LiteLLM's x-litellm-model-group header.

The row `failing model` asks a profile whose first candidate is a model for which LiteLLM raises an error: Envoy's retry asks
the second, and the note says who failed.

The last two rows are one prompt before and after a feed of signals in which the second candidate of its tier surges. Envoy
serves the feed from a file; the filter of this stack asks for it every second.
"""

from __future__ import annotations

import base64
import json
import sys
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anthropic
import httpx
import openai
import stack as stacks
from stack import ROOT, Stack, StackError

# A PNG of one pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass
class Answer:
    """What came back: the response headers and the model the upstream named, if it named one."""

    headers: httpx.Headers
    model: str | None
    note: str = ""


class Client:
    """The ways to ask."""

    def __init__(self, url: str, feed: Path):
        self.url, self.feed = url, feed
        self.http = httpx.Client(trust_env=False, timeout=60)
        self.openai = openai.OpenAI(base_url=f"{url}/v1", api_key="none", http_client=self.http, max_retries=0)
        self.anthropic = anthropic.Anthropic(
            base_url=url, api_key="none", http_client=anthropic.DefaultHttpxClient(trust_env=False), max_retries=0
        )

    def chat(self, content: str | list, **more) -> Answer:
        model = more.pop("model", "smart/auto")
        raw = self.openai.chat.completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": content}], **more
        )
        return Answer(raw.headers, raw.parse().model)

    def stream(self, prompt: str) -> Answer:
        raw = self.openai.chat.completions.with_raw_response.create(
            model="smart/auto", messages=[{"role": "user", "content": prompt}], stream=True
        )
        chunks = list(raw.parse())
        return Answer(raw.headers, chunks[0].model, f"{len(chunks)} chunks")

    def tools(self, prompt: str) -> Answer:
        return self.chat(prompt, tools=[WEATHER])

    def image(self, prompt: str) -> Answer:
        url = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
        return self.chat([{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}])

    def pinned(self, prompt: str) -> Answer:
        return self.chat(prompt, model="gpt-5.4")

    def messages(self, prompt: str) -> Answer:
        raw = self.anthropic.messages.with_raw_response.create(
            model="smart/auto", max_tokens=200, messages=[{"role": "user", "content": prompt}]
        )
        return Answer(raw.headers, raw.parse().model)

    def gemini(self, prompt: str) -> Answer:
        answer = self.http.post(
            f"{self.url}/v1beta/models/smart/auto:generateContent",
            json={"contents": [{"role": "user", "parts": [{"text": prompt}]}]},
        )
        answer.raise_for_status()
        assert answer.json()["candidates"], answer.text
        return Answer(answer.headers, answer.headers["x-litellm-model-group"])

    def failing(self, prompt: str) -> Answer:
        """The profile's first candidate fails."""
        answer = self.chat(prompt, model="smart/fallback")
        attempts = answer.headers["x-tiergate-attempts"]
        if attempts != "2":
            raise RuntimeError(f"attempt {attempts} answered, not the second")
        return Answer(answer.headers, answer.model, f"attempt {attempts}, as {UNWELL} failed")

    def again(self, prompt: str) -> Answer:
        """The same twice: LiteLLM answers the second time from its cache, and says so."""
        first, second = self.chat(prompt), self.chat(prompt)
        if "x-litellm-cache-key" in first.headers or "x-litellm-cache-key" not in second.headers:
            raise RuntimeError("the second answer was to come from LiteLLM's cache, and the first was not")
        return Answer(second.headers, second.model, "from LiteLLM's cache")

    def broken(self, prompt: str) -> Answer:
        """A body cut off in the middle. It goes on to the upstream, which refuses it by its own rules."""
        body = json.dumps({"model": "smart/auto", "messages": [{"role": "user", "content": prompt}]}).encode()
        answer = self._post(body[: len(body) // 2])
        if answer.status_code != 400 or "Invalid JSON payload" not in answer.text:
            raise RuntimeError(f"LiteLLM was to refuse this body; it answered {answer.status_code}: {answer.text}")
        return Answer(answer.headers, None, "400 from LiteLLM")

    def surging(self, prompt: str) -> Answer:
        """The other MEDIUM candidate surges from now on. Asked again until the filter has heard of it."""
        feed = json.loads(self.feed.read_text(encoding="utf-8"))
        for each in feed["models"]:
            if each["model"] == MINI:
                each.update(trend="surging", score=0.9, velocity_delta_pct=140.0)
        stacks.replace(self.feed, json.dumps(feed))
        deadline = time.monotonic() + FEED_SECONDS
        while True:
            answer = self.chat(prompt)
            if answer.headers.get("x-tiergate-cause") == "momentum" or time.monotonic() > deadline:
                return answer
            time.sleep(stacks.POLL_SECONDS)

    def too_deep(self, prompt: str) -> Answer:
        """Valid JSON that nests deeper than tiergate reads (limits.max_depth); LiteLLM reads it."""
        body = {"model": "smart/auto", "messages": [{"role": "user", "content": prompt}], "user": "demo"}
        deep = json.dumps(body)[:-1] + ', "metadata": {"deep": ' + "[" * 200 + "]" * 200 + "}}"
        answer = self._post(deep.encode())
        answer.raise_for_status()
        return Answer(answer.headers, answer.json()["model"])

    def _post(self, body: bytes) -> httpx.Response:
        return self.http.post(
            f"{self.url}/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )


@dataclass
class Row:
    """A request, and what has to become of it. `model` is the upstream's word; `told` the filter's, if it differs."""

    kind: str
    language: str
    prompt: str
    profile: str | None
    tier: str | None
    model: str | None
    cause: str | tuple[str, ...]
    ask: Callable[[Client, str], Answer] = Client.chat
    told: str | None = None
    seen: dict[str, str] = field(default_factory=dict)

    def run(self, stack: Stack, client: Client) -> list[str]:
        """Asks, fills in `seen`, and tells what is wrong."""
        try:
            answer = self.ask(client, self.prompt)
        except Exception as error:  # noqa: BLE001 (whatever went wrong is the row's result)
            return [f"no answer: {type(error).__name__}: {error}"]
        headers = {name: answer.headers.get(f"x-tiergate-{name}") for name in
                   ("profile", "tier", "model", "cause", "confidence", "savings")}
        line = stack.access_line(answer.headers["x-request-id"])
        logged = json.loads(line["tiergate"])
        micros = logged["decision_us"]
        self.seen = {**headers, "model": answer.model, "time": micros, "note": answer.note}
        wrong = []

        def expect(what: str, is_: object, allowed: tuple) -> None:
            if is_ not in allowed:
                wrong.append(f"{what} is {is_}, not {' or '.join(str(each) for each in allowed)}")

        causes = (self.cause,) if isinstance(self.cause, str) else self.cause
        expect("profile", headers["profile"], (self.profile,))
        expect("tier", headers["tier"], (self.tier,))
        expect("cause", headers["cause"], causes)
        expect("the model that answered", answer.model, (self.model,))
        expect("x-tiergate-model", headers["model"], (self.told or self.model,))
        if self.tier is not None:
            for name in ("confidence", "savings"):
                if headers[name] is None:
                    wrong.append(f"no {name}")
        if not isinstance(micros, int):
            wrong.append(f"the access log's decision_us is {micros}")
        for name in ("tier", "profile", "cause", "model"):
            # The client is told who answered, the log also who was to.
            found = logged.get("served", logged[name]) if name == "model" else logged[name]
            if found != headers[name]:
                wrong.append(f"the access log's {name} is {found}, not {headers[name]}")
        return wrong


NANO, DEEPSEEK, MINI = "gpt-5.4-nano", "deepseek/deepseek-v4-pro", "gpt-5.4-mini"
SONNET, OPUS = "claude-sonnet-5", "claude-opus-5"
UNWELL = "unwell"  # LiteLLM's mock of a failing model
SCORED = ("score", "ambiguous")
PROVED = ("score", "override_reasoning")
CSV = ("Write a Python function that reads a CSV file, removes duplicate rows and returns a list. It must handle "
       "exceptions; import only the standard library and test it with pytest.")
FEED_SECONDS = 15  # that the filter may take to hear of a new feed; it is one to three

ROWS = [
    Row("greeting", "es", "¡Hola! ¿Qué tal estás?", "auto", "SIMPLE", NANO, "score"),
    Row("lookup", "pt", "Qual é a capital da Austrália?", "auto", "SIMPLE", NANO, "score"),
    Row("translation", "ja", "「おはようございます」を英語に翻訳してください。", "auto", "SIMPLE", NANO, "score"),
    Row("code", "de",
        "Schreibe eine Python-Funktion, die eine CSV-Datei einliest, doppelte Zeilen entfernt und das Ergebnis als "
        "Liste zurückgibt. Sie soll Ausnahmen abfangen und mit pytest getestet werden; importiere nur die "
        "Standardbibliothek.",
        "auto", "MEDIUM", DEEPSEEK, SCORED),
    Row("architecture", "zh",
        "请为在线考试系统设计架构,三万人同时交卷不能丢数据,还要防作弊。",
        "auto", "COMPLEX", SONNET, "score"),
    Row("proof", "ru",
        "Докажи теорему о бесконечности множества простых чисел. Рассуждай шаг за шагом и выведи противоречие.",
        "auto", "REASONING", OPUS, PROVED),
    Row("streamed", "ko", "대한민국의 수도는 어디인가요?", "auto", "SIMPLE", NANO, "score", ask=Client.stream),
    Row("tools", "en", "What is the weather in Berlin right now?", "auto", "SIMPLE", NANO, "score",
        ask=Client.tools),
    # The first MEDIUM model sees no images.
    Row("image", "en",
        "Write the HTML and CSS code for the page in this screenshot, with a JavaScript function that validates the "
        "form, calls the API asynchronously and shows its errors. Import no framework; explain each class in one "
        "comment line.",
        "auto", "MEDIUM", MINI, SCORED, ask=Client.image),
    Row("pinned", "en", "Prove step by step that there are infinitely many primes.", None, None, "gpt-5.4", "pinned",
        ask=Client.pinned),
    Row("Anthropic", "ar", "ما هي عاصمة المغرب؟", "auto", "SIMPLE", NANO, "score", ask=Client.messages),
    Row("Gemini", "en",
        "Derive the closed form of the Fibonacci numbers step by step and prove it by induction.",
        "auto", "REASONING", OPUS, PROVED, ask=Client.gemini),
    Row("too deep", "en", "Hello!", "auto", None, DEEPSEEK, "unparsable", ask=Client.too_deep),
    Row("broken body", "en", "Hello, how are you today? The rest of this body never arrives.", "auto", None, None,
        "unparsable", ask=Client.broken, told=DEEPSEEK),
    Row("failing model", "en", "Hello! How are you?", "fallback", "SIMPLE", MINI, "score", ask=Client.failing),
    Row("asked again", "fr", "Quelle est la capitale du Canada ?", "auto", "SIMPLE", NANO, "score", ask=Client.again),
    # Last: from here on the feed is another.
    Row("before a surge", "en", CSV, "auto", "MEDIUM", DEEPSEEK, SCORED),
    Row("after a surge", "en", CSV, "auto", "MEDIUM", MINI, "momentum", ask=Client.surging),
]

COLUMNS = ["prompt", "lang", "profile", "tier", "model that answered", "cause", "confidence", "savings", "time added"]


def cells(row: Row) -> list[str]:
    seen = row.seen
    savings = f"{float(seen['savings']):.1%}" if seen.get("savings") else "-"
    model = seen.get("model") or "-"
    return [
        f"{row.kind}: {clipped(row.prompt, 24)}", row.language, seen.get("profile") or "-", seen.get("tier") or "-",
        f"{model} ({seen['note']})" if seen.get("note") else model, seen.get("cause") or "-",
        seen.get("confidence") or "-", savings, f"{seen['time']} us" if seen.get("time") else "-",
    ]


def width(text: str) -> int:
    """Columns on a terminal: two for a wide letter, none for a mark on one."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def clipped(text: str, columns: int) -> str:
    kept = ""
    for letter in text:
        if width(kept + letter) > columns - 1:
            return kept + "…"
        kept += letter
    return kept


def print_table(rows: list[list[str]]) -> None:
    widths = [max(width(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for index, row in enumerate(rows):
        print("  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip())
        if index == 0:
            print("  ".join("-" * w for w in widths))


def add_failing_model(stack: Stack) -> None:
    """A model that fails, and a profile that prefers it. Both positions of the filter have to know the model."""
    stack.failing_models = {UNWELL: "litellm.InternalServerError"}
    router = stacks.tiergate_configuration(stacks.listener(stack.envoy_configuration))
    attempts = [each["configuration"]["value"] for each in stacks.attempt_plugins(stack.envoy_configuration)]
    for document in [router, *attempts]:
        document.setdefault("models", {})[UNWELL] = {"input_price": 1, "output_price": 2}
    tiers = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
    # Whatever the signals say.
    router["profiles"]["fallback"] = {"tiers": dict.fromkeys(tiers, [UNWELL, MINI]), "strategy": "configured"}


def demo_stack() -> tuple[Stack, Path]:
    """The stack with a failing model, and a feed of its own, which is read every second."""
    stack = Stack(ROOT / ".run" / "demo")
    feed = stack.directory / "signals" / "signals.json"
    feed.parent.mkdir(exist_ok=True)
    stacks.replace(feed, (ROOT / "envoy" / "signals.json").read_text(encoding="utf-8"))
    stacks.serve_signals(stack.envoy_configuration, feed)
    stacks.tiergate_configuration(stacks.listener(stack.envoy_configuration))["signals"]["fresh_seconds"] = 1
    add_failing_model(stack)
    return stack, feed


def main() -> int:
    wrong: list[str] = []
    try:
        stack, feed = demo_stack()
        with stack:
            client = Client(stack.url, feed)
            for row in ROWS:
                wrong += [f"{row.kind} ({row.language}): {each}" for each in row.run(stack, client)]
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print_table([COLUMNS, *(cells(row) for row in ROWS)])
    for each in wrong:
        print(f"WRONG  {each}")
    if wrong:
        print("logs: .run/demo/")
        return 1
    print(f"{len(ROWS)} rows, all as they should be. Time added: the filter's own, from the access log.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
