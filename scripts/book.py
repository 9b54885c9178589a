#!/usr/bin/env python3
"""The documents as a site with search, by mdbook, in target/book:  scripts/book.py [--repository URL]

What pages name of the tree outside of docs/ (code, tests, examples) is beside them as text; with --repository the links lead
there instead, such as https://HOST/OWNER/NAME/blob/main. Afterwards every link and anchor of the site is followed; a site
with one that leads nowhere is an error.

mdbook of the version below is installed once into .tools, which takes a minute or two; TIERGATE_MDBOOK names another.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
MDBOOK_VERSION = "0.5.4"
INSTALLED = ROOT / ".tools" / "bin" / "mdbook"
# Where the files of the tree are in the site.
TREE = "tree"
REFERENCE = re.compile(r'((?:href|src|srcset)=")([^"]+)(")')


def mdbook() -> Path:
    named = os.environ.get("TIERGATE_MDBOOK")
    if named:
        return Path(named)
    if not INSTALLED.is_file():
        print(f"site: installing mdbook {MDBOOK_VERSION} into .tools (once)", flush=True)
        subprocess.run(
            ["cargo", "install", "--quiet", "--locked", "--no-default-features", "--features", "search",
             "--root", ROOT / ".tools", f"mdbook@{MDBOOK_VERSION}"], check=True)
    return INSTALLED


def is_elsewhere(link: str) -> bool:
    return re.match(r"[a-z]+:|//", link) is not None


def source_of(path: str) -> Path | None:
    """The file or folder of the tree that a link out of docs/ means. mdbook has made `.html` of `.md`."""
    place = (ROOT / "docs" / path).resolve()
    for each in (place, place.with_suffix(".md")):
        if each.exists() and each.is_relative_to(ROOT):
            return each
    return None


def mend(site: Path, repository: str | None) -> None:
    """Has links to the tree lead to the repository, or to a copy as text."""
    def mended(match: re.Match) -> str:
        before, link, after = match.groups()
        path = unquote(html.unescape(link)).partition("#")[0]
        source = source_of(path) if path.startswith("../") else None
        if source is None:
            return match[0]
        name = str(source.relative_to(ROOT))
        if repository:
            return before + html.escape(repository.rstrip("/") + "/" + name) + after
        copy = site / TREE / f"{name}.txt"
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            copy.write_text("".join(f"{each.name}\n" for each in sorted(source.iterdir())))
        else:
            shutil.copyfile(source, copy)
        return f"{before}{TREE}/{name}.txt{after}"

    for page in site.glob("*.html"):
        page.write_text(REFERENCE.sub(mended, page.read_text()))


class Page(HTMLParser):
    """The anchors and links of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif name in ("href", "src", "srcset") and value:
                self.links.add(value)


def dead_links(site: Path) -> list[str]:
    """Links of the site that lead nowhere, each behind its page."""
    pages = {page.name: Page(page.read_text()) for page in site.glob("*.html")}
    dead = []
    for name, page in pages.items():
        for link in page.links:
            path, _, anchor = unquote(link).partition("#")
            # 404.html has the site's address in front of its links, which is known only where it is served.
            if is_elsewhere(link) or path.startswith("/") or name == "404.html":
                continue
            target = path or name
            if not (site / target).exists() or (anchor and target in pages and anchor not in pages[target].anchors):
                dead.append(f"{name}: {link}")
    return sorted(dead)


def build(site: Path, repository: str | None = None) -> None:
    shutil.rmtree(site, ignore_errors=True)
    done = subprocess.run([mdbook(), "build", "--dest-dir", site, ROOT], capture_output=True, text=True)
    # mdbook ends with success also where it has had to leave something out.
    if done.returncode != 0 or re.search(r"\b(WARN|ERROR)\b", done.stderr + done.stdout):
        raise SystemExit(f"site: {done.stdout}{done.stderr}")
    mend(site, repository)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", metavar="URL", help="where the files of the tree are shown")
    options = parser.parse_args()
    site = ROOT / "target" / "book"
    build(site, options.repository)
    dead = dead_links(site)
    if dead:
        print("site: these lead nowhere:\n  " + "\n  ".join(dead), file=sys.stderr)
        return 1
    print(f"{site.relative_to(ROOT)}/index.html  {len(list(site.glob('*.html')))} pages, every link followed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
