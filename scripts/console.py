"""Packs the console's page: src/core/console/page.html becomes page.html.gz, which the module has in it, and policy.txt,
its content security policy with the hashes of the script and the style. `--check` says whether they are in step."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "core" / "console"
PAGE, PACKED, POLICY = FOLDER / "page.html", FOLDER / "page.html.gz", FOLDER / "policy.txt"
MOST = 60_000  # bytes, packed


def hashes(page: str, tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found)


def policy(page: str) -> str:
    return "; ".join([
        "default-src 'none'", f"script-src {hashes(page, 'script')}", f"style-src {hashes(page, 'style')}",
        "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ])


def in_step(page: str) -> bool:
    # Compressors differ; what they pack does not.
    return (PACKED.exists() and gzip.decompress(PACKED.read_bytes()).decode() == page
            and POLICY.exists() and POLICY.read_text().strip() == policy(page))


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    if in_step(page):
        return 0
    if "--check" in sys.argv:
        print("the console's page has changed; make docs", file=sys.stderr)
        return 1
    packed = gzip.compress(page.encode(), 9, mtime=0)
    assert len(packed) < MOST, f"the page takes {len(packed)} bytes, packed"
    PACKED.write_bytes(packed)
    POLICY.write_text(policy(page) + "\n")
    print(f"console: {len(page.encode())} bytes, {len(packed)} packed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
