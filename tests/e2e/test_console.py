"""The console on the real Envoy and LiteLLM: its JSON, who may see it, feedback in the access log, and the page in a real
Chromium. Screenshots go to docs/ with TIERGATE_SCREENSHOTS=1, else to .run/console."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from gateway import CANARY, stacks, user

ROOT = stacks.ROOT
DOCUMENT = ROOT / "docs" / "console.md"
PROOF = "Prove the theorem by induction, step by step, and derive the contradiction."
HELLO = "Hello!"
UNWELL = "gpt-5-nano"  # SIMPLE of profile eco: LiteLLM's mock refuses it with 429
TOKEN = "correct-horse-battery-staple"
APP_TOKEN = "an-application-may-only-judge"
PICTURES = ROOT / "docs" if os.environ.get("TIERGATE_SCREENSHOTS") else ROOT / ".run" / "console"
CHROMIUM = os.environ.get("TIERGATE_CHROMIUM") or next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
AXE = ROOT / ".tools" / "axe" / "axe.min.js"


class Consoled(stacks.Stack):
    """envoy/demo.yaml as it ships, with one model that fails, two workers, and a second console that has tokens."""

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.failing_models = {UNWELL: "litellm.RateLimitError"}
        self.envoy_options = ("--log-level", "info", "--component-log-level", "wasm:trace")
        envoy = self.envoy_configuration
        document = stacks.tiergate_configuration(stacks.listener(envoy))
        live = {"cooldown_time": 600, "max_cooldown_time": 600}
        document["live"] = live
        for plugin in stacks.attempt_plugins(envoy):
            plugin["configuration"]["value"]["live"] = live
        self.guarded_port = stacks.free_port()
        guarded = json.loads(json.dumps(stacks.listener(envoy, "console")))
        guarded["name"] = "guarded"
        stacks.set_port(guarded, self.guarded_port)
        stacks.set_tiergate_configuration(guarded, {"position": "console", "console": {
            "path": "/ops", "token": TOKEN, "feedback_token": APP_TOKEN, "feedback_per_minute": 3}})
        # One VM has one console: the second one has a VM of its own, and so no router to show.
        stacks.plugin(guarded)["vm_config"]["vm_id"] = "guarded"
        envoy["static_resources"]["listeners"].append(guarded)

    def ask(self, prompt: str, model: str = "smart/auto") -> httpx.Response:
        return httpx.post(f"{self.url}/v1/chat/completions", json={"model": model, "messages": user(prompt)}, timeout=60,
                          trust_env=False)

    def get(self, path: str, **more) -> httpx.Response:
        return httpx.get(f"{self.console_url}{path}", timeout=20, trust_env=False, **more)

    def post(self, path: str, value, **more) -> httpx.Response:
        return httpx.post(f"{self.console_url}{path}", json=value, timeout=20, trust_env=False, **more)

    def decision(self, request_id: str) -> dict:
        def find():
            listed = self.get("/api/decisions").json()["decisions"]
            return next((each for each in listed if each["request_id"] == request_id), None)

        return stacks.wait_until(find, 10, f"the decision of request {request_id}")


@pytest.fixture(scope="module")
def stack():
    with Consoled(ROOT / ".run" / "e2e-console") as started:
        yield started
        log = started.envoy.log.read_text(errors="replace")
        assert "Uncaught RuntimeError" not in log and "panicked" not in log, stacks.tail(started.envoy.log)


# ---------------------------------------------------------------------------------------------------------- JSON


def test_a_trial_decides_as_the_gateway_does_and_leaves_no_trace(stack):
    for prompt, profile in [(HELLO, "smart/auto"), (PROOF, "auto"), (HELLO, "eco")]:
        before = stack.get("/api/decisions").json()["decisions"]
        told = stack.post("/api/route", {"prompt": prompt, "profile": profile}).json()
        answer = stack.ask(prompt, profile if "/" in profile else f"smart/{profile}")
        assert answer.headers["x-tiergate-tier"] == told["tier"]
        assert float(answer.headers["x-tiergate-score"]) == pytest.approx(told["score"], abs=0.001)
        sent = json.loads(told["request"]["body"])
        assert sent["messages"][-1]["content"] == prompt and sent["model"] == told["model"]
        assert len(told["boundaries"]) == 3 and told["features"] and told["considered"]
        assert stack.decision(answer.headers["x-request-id"])["request_id"] not in {d["request_id"] for d in before}


def test_recent_decisions_are_those_of_all_workers_without_any_prompt(stack):
    ids = {}
    for number in range(12):
        # A connection each, so that both workers serve some.
        answer = stack.ask(f"{CANARY} number {number}: what is {number} plus one?")
        ids[answer.headers["x-request-id"]] = answer
    for request_id, answer in ids.items():
        decision = stack.decision(request_id)
        assert decision["tier"] == answer.headers["x-tiergate-tier"]
        assert decision["cause"] == answer.headers["x-tiergate-cause"]
        assert decision["status"] == 200 and decision["duration_ms"] < 60_000 and decision["cost_usd"] > 0
    listed = stack.get("/api/decisions")
    times = [decision["time_ms"] for decision in listed.json()["decisions"]]
    assert len(times) <= 128
    assert CANARY not in listed.text and CANARY not in stack.envoy.log.read_text(errors="replace")


def test_savings_are_added_up(stack):
    def requests():
        told = stack.get("/api/savings").json()
        minutes, hours = (sum(each["requests"] for each in told[key]) for key in ("minutes", "hours"))
        assert minutes == hours
        return minutes

    before = requests()
    for _ in range(3):
        stack.ask(HELLO)
    stacks.wait_until(lambda: requests() == before + 3, 10, "three more requests in the savings")
    newest = stack.get("/api/savings").json()["minutes"][-1]
    assert 0 < newest["cost_usd"] < newest["baseline_usd"]
    assert abs(newest["time_ms"] / 1000 - time.time()) < 180


def test_models_and_configurations_are_those_that_run(stack):
    (config,) = stack.get("/api/configs").json()["configs"]
    assert re.fullmatch(r"[0-9a-f]{16}", config["version"])
    assert config["profiles"]["auto"]["tiers"]["REASONING"] == ["claude-opus-5", "gpt-5.6"]
    told = stack.get("/api/models").json()
    assert told["config"] == config["version"] and told["signals"]["cluster"] == "signals"
    models = {model["model"]: model for model in told["models"]}
    served = stack.ask(PROOF)
    name = served.headers["x-tiergate-model"]
    used = served.json()["usage"]
    assert models[name]["health"] == "ok" and "auto REASONING" in models[name]["uses"]

    def grown():
        now = next(m for m in stack.get("/api/models").json()["models"] if m["model"] == name)
        return now["input_tokens"] >= models[name]["input_tokens"] + used["prompt_tokens"] and now["spend_usd"] > 0

    stacks.wait_until(grown, 10, "the tokens of the answer")
    assert stack.get("/api/models", params={"config": "0" * 16}).status_code == 404


def test_no_path_of_the_gateway_leads_to_it_and_none_of_it_to_the_upstream(stack):
    for path in ("/api/configs", "/feedback", "/console"):
        answer = httpx.get(f"{stack.url}{path}", trust_env=False)
        assert answer.status_code == 404 and "profiles" not in answer.text
        assert httpx.get(f"{stack.url}{path}", headers={"host": f"127.0.0.1:{stack.console_port}"},
                         trust_env=False).status_code == 404
    for path in ("/v1/chat/completions", "/v1/models", "/api", "/nothing"):
        answer = stack.get(path)
        assert answer.status_code == 404 and answer.json()["error"]["message"]


def test_names_of_other_hosts_and_other_sites_are_refused(stack):
    assert stack.get("/api/models", headers={"host": "evil.example:10002"}).status_code == 403
    said = {"request_id": "x", "thumbs": "up"}
    assert stack.post("/feedback", said, headers={"origin": "https://evil.example"}).status_code == 403
    assert httpx.post(f"{stack.console_url}/feedback", content=json.dumps(said), headers={"content-type": "text/plain"},
                      trust_env=False).status_code == 415
    assert stack.post("/api/route", {"prompt": "x" * (2 * 1024 * 1024)}).status_code == 413


def test_a_console_with_a_token_asks_for_it(stack):
    url = f"http://127.0.0.1:{stack.guarded_port}/ops"
    with httpx.Client(trust_env=False) as client:
        page = client.get(f"{url}/")
        assert page.status_code == 200 and "tiergate console" in page.text
        assert client.get(f"{url}/api/models").status_code == 401
        assert client.get(f"{url}/api/models", headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
        # Its VM has no router; that is told to whoever may know.
        answer = client.get(f"{url}/api/models", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 503 and "vm_config" in answer.json()["error"]["message"]
        app = {"authorization": f"Bearer {APP_TOKEN}"}
        assert client.get(f"{url}/api/decisions", headers=app).status_code == 401
        said = {"request_id": "x", "thumbs": "up"}
        statuses = [client.post(f"{url}/feedback", json=said, headers=app).status_code for _ in range(7)]
        # At most three in a minute, and a minute may end in between.
        assert statuses[:3] == [202] * 3 and 429 in statuses
        assert int(client.post(f"{url}/feedback", json=said, headers=app).headers.get("retry-after", "1")) <= 60


def test_feedback_is_a_line_of_the_access_log(stack):
    judged = stack.ask(HELLO)
    request_id = judged.headers["x-request-id"]
    stack.decision(request_id)
    answer = stack.post("/feedback", {"request_id": request_id, "tier": "COMPLEX"})
    assert (answer.status_code, answer.json()) == (202, {"recorded": True, "known": True})
    line = stack.access_line(answer.headers["x-request-id"])
    assert (line["status"], line["path"]) == (202, "/feedback")
    record = json.loads(line["tiergate"])["feedback"]
    decided = json.loads(stack.access_line(request_id)["tiergate"])
    assert (record["request_id"], record["tier"], record["thumbs"], record["from"]) == (request_id, "COMPLEX", None, "api")
    for name in ("tier", "model", "profile", "cause", "score", "confidence"):
        assert record["decided"][name] == decided[name]
    assert set(record) == {"request_id", "tier", "thumbs", "from", "decided"}
    unknown = stack.post("/feedback", {"request_id": "of-yesterday", "thumbs": "down"})
    assert unknown.json() == {"recorded": True, "known": False}
    assert stack.post("/feedback", {"request_id": request_id, "comment": "no"}).status_code == 400
    # Nothing else that the console does is logged.
    console = [each for each in stack.access_log() if each["path"] in ("/feedback", "/api/route") and each["method"] == "POST"]
    assert {each["status"] for each in console} == {202}


COMMANDS = [re.sub(r"\\\n\s*", "", each) for each in re.findall(r"^    (curl (?:.|\\\n)*?)$(?!\n      )",
                                                               DOCUMENT.read_text(), re.M)]


@pytest.mark.parametrize("command", COMMANDS, ids=[each.split()[2].rsplit("10002", 1)[-1] for each in COMMANDS])
def test_the_commands_of_the_document_work(stack, command):
    command = command.replace("127.0.0.1:10002", f"127.0.0.1:{stack.console_port}")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "error" not in json.loads(done.stdout), done.stdout + done.stderr


def test_there_are_commands_for_all_of_the_json():
    assert {each.split()[2].rsplit("10002", 1)[-1] for each in COMMANDS} == {
        "/feedback", "/api/route", "/api/decisions", "/api/models", "/api/configs", "/api/savings"}


def test_the_console_of_the_production_file_is_a_comment_that_works(tmp_path):
    text = (ROOT / "envoy" / "envoy.yaml").read_text()
    assert "console" not in {each["name"] for each in stacks.load_yaml(ROOT / "envoy" / "envoy.yaml")["static_resources"]["listeners"]}
    (block,) = re.findall(r"^  # - name: console\n(?:  # .*\n)+", text, re.M)
    text = text.replace(block, re.sub(r"^  # ", "  ", block, flags=re.M))
    (tmp_path / "envoy.yaml").write_text(text)
    envoy = stacks.load_yaml(tmp_path / "envoy.yaml")
    stacks.set_module(envoy, stacks.WASM)
    console = stacks.listener(envoy, "console")
    assert console["address"]["socket_address"]["address"] == "127.0.0.1"
    # Nobody gets in with the token that the file comes with: it is none.
    validate = [stacks.envoy_binary(), "--mode", "validate", "--disable-hot-restart", "-c", str(tmp_path / "envoy.yaml")]
    for token, status in [(None, 1), (TOKEN, 0)]:
        if token:
            stacks.tiergate_configuration(console)["console"]["token"] = token
        (tmp_path / "envoy.yaml").write_text(json.dumps(envoy))
        done = subprocess.run(validate, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stderr


# ------------------------------------------------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium: `make setup` installs it as root; TIERGATE_CHROMIUM names one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield started
        started.close()


@pytest.fixture
def page(stack, browser):
    """The console in a fresh profile; nothing may be asked of another host, refused by its policy, or thrown."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(20_000)
    page.goto(f"{stack.console_url}/")
    until(page, "document.querySelector('#profile').options.length > 0")
    yield page
    assert said == []
    assert {url for url in asked if not url.startswith((stack.console_url, "data:"))} == set()
    context.close()


def until(page, condition: str) -> None:
    """Playwright's own waiting evaluates text in the page, which its policy refuses; the debugger may."""
    stacks.wait_until(lambda: page.evaluate(condition), 20, condition)


def decide(page, prompt: str, profile: str = "smart/auto") -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    if page.get_by_label("Profile", exact=True).input_value() != profile:
        page.get_by_label("Profile", exact=True).select_option(profile)
    with page.expect_response("**/api/route"):
        page.get_by_role("button", name="Decide").click()
    page.wait_for_selector("#verdict")


def verdict(page) -> tuple[str, str]:
    return page.inner_text("#verdict .tier"), page.inner_text("#verdict strong")


def tab(page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def test_type_route_read_the_picture_and_switch_the_profile(stack, page):
    decide(page, PROOF)
    told = stack.post("/api/route", {"prompt": PROOF}).json()
    assert verdict(page) == (told["tier"], told["model"])
    boundaries = page.get_by_role("img").first.get_attribute("aria-label")
    shown = {tier: (float(reached), float(needed))
             for tier, reached, needed in re.findall(r"(\w+): ([\d.]+) of ([\d.]+) needed", boundaries)}
    # A number in the middle between two thousandths may be rounded either way.
    assert shown == {row["tier"]: pytest.approx((row["reached"], row["needed"]), abs=0.00051) for row in told["boundaries"]}
    rows = page.locator("#candidates tbody tr")
    assert rows.count() == len(told["considered"])
    serving = page.locator("#candidates tr.serves").inner_text()
    assert told["model"] in serving and "serves" in serving
    assert f"x-tiergate-model: {told['model']}" in page.inner_text("pre")
    decide(page, PROOF, "smart/eco")
    eco = stack.post("/api/route", {"prompt": PROOF, "profile": "smart/eco"}).json()
    assert verdict(page) == (eco["tier"], eco["model"]) and eco["model"] != told["model"]


def test_nothing_that_is_typed_is_markup(page):
    text = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    decide(page, text)
    assert "onerror" in page.inner_text("pre")
    assert page.locator("#result img:not(svg)").count() == 0 and page.locator("#result script").count() == 0
    assert page.title() == "tiergate console"


def test_see_a_model_go_into_cooldown(stack, page):
    tab(page, "Models")
    row = page.locator("#models tbody tr").filter(has=page.get_by_text(UNWELL, exact=True))
    assert row.locator(".dot").inner_text() == "ok"
    for number in range(6):
        assert stack.ask(f"Hi {number}", "smart/eco").status_code == 200  # another model serves
    until(page, "[...document.querySelectorAll('#models tbody tr')].some(row => "
                f"row.cells[0].textContent === '{UNWELL}' && row.cells[1].textContent.startsWith('cooldown'))")
    tab(page, "Try")
    decide(page, HELLO, "smart/eco")
    row = page.locator("#candidates tbody tr").filter(has=page.get_by_text(UNWELL, exact=True)).inner_text()
    assert "in cooldown" in row
    assert verdict(page)[1] != UNWELL


def test_find_a_decision_sort_and_say_what_it_should_have_been(stack, page):
    request_id = stack.ask(PROOF).headers["x-request-id"]
    stack.decision(request_id)
    tab(page, "Decisions")
    page.wait_for_selector(f"[data-request='{request_id}']")
    page.get_by_role("button", name="Est. cost").click()
    header = page.locator("th", has=page.get_by_role("button", name="Est. cost"))
    assert header.get_attribute("aria-sort") == "descending"
    costs = [each["cost_usd"] or 0 for each in stack.get("/api/decisions").json()["decisions"]]
    shown = page.locator("#decisions tbody tr").first.locator("td").nth(6).inner_text()
    assert float(shown.strip("$")) == pytest.approx(max(costs), rel=0.01)
    page.get_by_label("Find", exact=True).fill(request_id)
    until(page, "document.querySelectorAll('#decisions tbody tr').length === 1")
    page.get_by_role("button", name="Should have been").click()
    page.get_by_label("It should have been MEDIUM").check()
    page.get_by_role("button", name="Send").click()
    until(page, "document.querySelector('#status').textContent.includes('access log')")

    def found():
        records = [json.loads(line["tiergate"]).get("feedback") for line in stack.access_log()
                   if line["path"] == "/feedback" and line["tiergate"]]
        return next((each for each in records if each and each["request_id"] == request_id), None)

    record = stacks.wait_until(found, 10, "the feedback in the access log")
    assert (record["tier"], record["from"], record["decided"]["tier"]) == ("MEDIUM", "console", "REASONING")


def test_it_works_from_the_keyboard(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.get_by_role("tab", name="Try", exact=True).focus()
    for name in ["Decisions", "Models", "Savings", "Configuration", "Try"]:
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.textContent") == name
        assert page.get_by_role("tabpanel").count() == 1
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type(HELLO)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#verdict")
    assert verdict(page)[0] == "SIMPLE"


def test_the_page_asks_for_the_token(stack, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{stack.guarded_port}/ops")
    page.get_by_label("Bearer token").fill("a-wrong-token-of-some-length")
    page.get_by_role("button", name="Continue").click()
    until(page, "document.querySelector('#login-error').textContent.includes('wrong')")
    page.get_by_label("Bearer token").fill(TOKEN)
    with page.expect_response(lambda answer: "api/configs" in answer.url and answer.status == 200):
        page.get_by_role("button", name="Continue").click()
    until(page, "document.querySelector('#version').textContent === 'no router'")
    context.close()


def fill(stack) -> None:
    """Something of everything to look at."""
    prompts = [HELLO, PROOF, "Write a haiku about rain.", "Refactor this module into three services, with tests and a "
               "migration plan for the database.", "Summarize the plot of Hamlet.", "Translate 'good morning' to French.",
               "Design a rate limiter for a distributed system and discuss its trade-offs.", "thanks"]
    for prompt in prompts:
        for model in ("smart/auto", "smart/eco"):
            stack.ask(prompt, model)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_no_fault_and_pictures_are_taken(stack, page, scheme, width):
    if not AXE.exists():
        pytest.skip("no axe-core: `make setup` fetches it from npm")
    PICTURES.mkdir(parents=True, exist_ok=True)
    fill(stack)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    # The policy of the page lets no script in but its own: this one comes in by the debugger.
    page.evaluate(AXE.read_text() + "; undefined")
    prompt = "Design a rate limiter for a distributed system, compare two algorithms, and explain the trade-offs of each."
    decide(page, prompt)
    for name in ["Try", "Decisions", "Models", "Savings", "Configuration"]:
        tab(page, name)
        if name == "Decisions":
            page.wait_for_selector("#decisions tbody tr[data-request]")
        if name == "Savings":
            page.wait_for_selector("#chart rect")
        if name == "Models":
            page.wait_for_selector("#models tbody tr")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        faults = [f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:300]}" for each in found for node in each["nodes"]]
        assert faults == [], f"{name}, {scheme}, {width}"
        # Nothing is wider than the window; tables move inside of it.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}, {width}"
        kind = "phone" if width < 600 else scheme
        page.screenshot(path=PICTURES / (f"console-{kind}.png" if name == "Try" else f"console-{kind}-{name.lower()}.png")
                        if PICTURES != ROOT / "docs" or name == "Try" else ROOT / ".run" / f"console-{kind}-{name.lower()}.png")
    page.get_by_role("tab", name="Decisions", exact=True).click()
    page.get_by_role("button", name="Should have been").first.click()
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [each["id"] for each in found] == [], "the dialog"


def test_the_packed_page_is_in_step_and_small():
    done = subprocess.run(["python3", "scripts/console.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (ROOT / "src/core/console/page.html.gz").stat().st_size < 60_000
