"""Where the gateways of a fleet run: each in a network namespace of its own, or on ports of loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess

from gateway import stacks


class Loopback:
    """One network for all; what keeps them apart are their ports."""

    what = "ports of loopback"
    upstream = "127.0.0.1"

    def addresses(self, _number: int) -> tuple[str, int, int]:
        """Host, port and port of the admin interface of a gateway."""
        return "127.0.0.1", stacks.free_port(), stacks.free_port()

    def command(self, _number: int) -> list[str]:
        """What stands in front of a program so that it runs there."""
        return []

    def close(self) -> None:
        pass


class Namespaces:
    """A namespace for each gateway, as a machine has: an interface, addresses and ports of its own, the same ports on each. A
    bridge on this side joins them; upstream, feed and the load balancer are on this side of it."""

    what = "network namespaces"

    def __init__(self, count: int) -> None:
        pid = os.getpid()
        self.name = f"tg{pid}"
        self.net = f"10.{100 + pid % 100}.{pid // 100 % 250}"
        self.upstream = f"{self.net}.1"
        self.count = count
        try:
            self._ip(f"link add {self.name}b type bridge")
            self._ip(f"addr add {self.upstream}/24 dev {self.name}b")
            self._ip(f"link set {self.name}b up")
            for number in range(count):
                here, there = f"{self.name}v{number}", f"{self.name}-{number}"
                self._ip(f"netns add {there}")
                self._ip(f"link add {here} type veth peer name eth0 netns {there}")
                self._ip(f"link set {here} master {self.name}b up")
                self._ip(f"-n {there} addr add {self.net}.{number + 2}/24 dev eth0")
                self._ip(f"-n {there} link set eth0 up")
                self._ip(f"-n {there} link set lo up")
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _ip(arguments: str) -> None:
        done = subprocess.run(["ip", *arguments.split()], capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise OSError(f"ip {arguments}: {done.stderr.strip()}")

    def addresses(self, number: int) -> tuple[str, int, int]:
        return f"{self.net}.{number + 2}", 10_000, 9_901

    def command(self, number: int) -> list[str]:
        return ["ip", "netns", "exec", f"{self.name}-{number}"]

    def unplug(self, number: int) -> None:
        """Takes the cable out: nothing comes from there any more, no refusal either."""
        self._ip(f"link set {self.name}v{number} down")

    def plug(self, number: int) -> None:
        """Puts it in again."""
        self._ip(f"link set {self.name}v{number} up")

    def close(self) -> None:
        for number in range(self.count):
            with contextlib.suppress(OSError):
                self._ip(f"link del {self.name}v{number}")
            with contextlib.suppress(OSError):
                self._ip(f"netns del {self.name}-{number}")
        with contextlib.suppress(OSError):
            self._ip(f"link del {self.name}b")


def places(count: int) -> tuple[Loopback | Namespaces, str]:
    """Namespaces where this user may make some, else loopback, and why that."""
    try:
        return Namespaces(count), ""
    except OSError as error:
        return Loopback(), str(error)
