"""The documents as a site (`make site`): every link leads somewhere, and a reader finds a page by its words."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway import stacks  # noqa: F401 (scripts/ is on the path from here on)
import book
from test_console import CHROMIUM


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not book.INSTALLED.is_file() and not os.environ.get("TIERGATE_MDBOOK"):
        pytest.skip("no mdbook: `make site` installs it into .tools; TIERGATE_MDBOOK names one")
    folder = tmp_path_factory.mktemp("site")
    book.build(folder)
    return folder


def test_every_link_of_the_site_leads_somewhere(site):
    assert len(list(site.glob("*.html"))) > 25
    assert book.dead_links(site) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "here.html").write_text('<a id="known" href="there.html"></a><a href="#known"></a><a href="#other"></a>'
                                        '<a href="https://example.org/"></a><img src="picture.svg">')
    assert book.dead_links(tmp_path) == ["here.html: #other", "here.html: picture.svg", "here.html: there.html"]


def test_links_to_the_tree_lead_to_the_repository_that_is_named(tmp_path):
    (tmp_path / "page.html").write_text('<a href="../CONTRIBUTING.html#recipes"></a><a href="up.html"></a>')
    book.mend(tmp_path, "https://example.org/blob/main/")
    assert (tmp_path / "page.html").read_text() == (
        '<a href="https://example.org/blob/main/CONTRIBUTING.md"></a><a href="up.html"></a>')


def test_search_finds_a_page(site):
    if not CHROMIUM:
        pytest.skip("no Chromium: `make setup` installs it as root; TIERGATE_CHROMIUM names one")
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM,
                                                 args=["--no-sandbox"] if os.getuid() == 0 else [])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            page.keyboard.press("s")
            page.locator("#mdbook-searchbar").press_sequentially("retry budget dead gateway", timeout=15_000)
            found = page.locator("#mdbook-searchresults a").first
            found.wait_for(timeout=15_000)
            found.click()
            page.wait_for_url("**/fleet.html**", timeout=15_000)
            browser.close()
    finally:
        server.shutdown()
