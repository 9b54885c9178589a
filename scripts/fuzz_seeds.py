"""Seeds for the fuzz targets, out of the tests: `fuzz_seeds.py FOLDER` writes a folder a target, a file a seed."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRING = re.compile(r'r#"(.*?)"#|"((?:[^"\\]|\\.)*)"', re.S)
DIALECTS = 5
HEADERS = [
    ":path:/v1/chat/completions?x=1\ncontent-type:application/json",
    ":path:/v1beta/models/smart%2Fauto:streamGenerateContent?alt=sse",
    ":path:/v1beta/models/a/b:generateContent",
    "content-type:text/event-stream\ncontent-encoding:gzip",
    "retry-after:120\nretry-after-ms:250.5",
    "retry-after:Sun, 06 Nov 1994 08:49:37 GMT",
    "retry-after:Sunday, 06-Nov-94 08:49:37 GMT",
    "x-ratelimit-remaining-requests:0\nx-ratelimit-reset-requests:6m0s",
    "anthropic-ratelimit-tokens-remaining:0\nanthropic-ratelimit-tokens-reset:2030-01-01T00:00:00Z",
    "x-ratelimit-reset:1790000005000",
]


FORMS = [
    'multipart/form-data; boundary=xyz\n--xyz\r\ncontent-disposition: form-data; name="model"\r\n\r\nsmart/auto\r\n--xyz--\r\n',
    'multipart/form-data; boundary="a b"\n--a b\r\nContent-Disposition: form-data; name=model\r\n\r\na-group\r\n--a b\r\n'
    'content-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n--a b--',
    'application/json\n{"model": "smart/auto", "input": "x"}',
    'application/json\n{"requests": [{"custom_id": "1", "params": {"model": "smart/auto"}}]}',
]
PATHS = [
    "/v1/chat/completions?model=smart/auto", "/openai/deployments/smart%2Fauto/chat/completions?api-version=1",
    "/engines/smart%2Fauto/completions", "/v1beta/models/smart%2Fauto:generateContent?key=x&model=a", "//v1//messages/?mod%65l=a",
    "/v1/models", "/v1/models/smart%2fauto", "/v1/embeddings?model=a-group", "/vertex/models/a:countTokens",
]


def strings(folder: str) -> list[str]:
    """The string literals of Rust tests."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.rs")):
        for raw, plain in STRING.findall(path.read_text()):
            found.append(raw or re.sub(r"\\(?:\n\s*|(.))", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1] or ""), plain))
    return found


def prompts() -> list[str]:
    lines = (ROOT / "tests/data/corpus.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[::10]]
    return [text for row in rows for text in row.values() if isinstance(text, str) and len(text) > 20]


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    documents = [text for text in strings("src") + strings("tests/module") if len(text) > 8]
    objects = [text for text in documents if text.lstrip()[:1] in "{["]
    turns = [{"role": "user", "content": text} for text in prompts()]
    bodies = objects + [json.dumps({"model": "smart/auto", "messages": [turn], "temperature": 1}) for turn in turns]
    bodies += [json.dumps({"contents": [{"parts": [{"text": turn["content"]}]}]}) for turn in turns[:20]]
    answers = objects + [text for text in documents if text.startswith(("data:", "event:", ":"))]
    seeds = {
        "bodies": [bytes([number % 12 * DIALECTS + dialect]) + text.encode()
                   for dialect in range(DIALECTS) for number, text in enumerate(bodies)],
        "answers": [bytes([form | status << 3, 7]) + text.encode() for form in (0, 1) for status in (0, 7) for text in answers],
        "feeds": [(ROOT / "tests/data/signals.json").read_bytes()] + [text.encode() for text in objects],
        "configurations": [path.read_bytes() for path in (ROOT / "src/core/config").glob("*.json")] + [text.encode() for text in objects],
        "headers": [text.encode() for text in HEADERS],
        "forms": [bytes([number]) + text.encode() for number, text in enumerate(FORMS + objects[:200])],
        "lists": [bytes([number % 8]) + text.encode() for number, text in enumerate(objects)],
        "paths": [text.encode() for text in PATHS],
    }
    for target, each in seeds.items():
        (folder / target).mkdir(parents=True)
        for seed in each:
            if len(seed) <= 16384:
                (folder / target / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


main(Path(sys.argv[1]))
