"""examples/signals/public.yaml: the preset of a public feed and its cluster, over TLS, with the certificate checked."""

import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from feed import document
from gateway import EXAMPLE, stacks
from momentum import CANDIDATES, FIRST, SECOND, Running

PUBLIC = EXAMPLE.parent / "public.yaml"
HOST = "api.twzrd.xyz"


def certificate(directory, name: str):
    """A certificate of one's own for a name, which is its own authority: file of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    path = directory / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path


class Server:
    """A server of the feed over TLS, which keeps what it was asked."""

    def __init__(self, pem):
        self.asked = asked = []
        good = json.dumps(document({FIRST: "stable", SECOND: "surging"})).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the library's name)
                asked.append((self.path, self.headers["host"]))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(good)))
                self.end_headers()
                self.wfile.write(good)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def envoy(gateway, port: int, authority) -> dict:
    """The demo's Envoy with what the example says, but for the address and who signs certificates."""
    public = stacks.load_yaml(PUBLIC)
    made = stacks.demo_envoy(port=stacks.free_port(), admin_port=stacks.free_port(),
                             litellm_port=gateway.litellm_port, signals_port=stacks.free_port())
    cluster = public["cluster"]
    (host,) = (each["endpoint"]["address"]["socket_address"]
               for each in cluster["load_assignment"]["endpoints"][0]["lb_endpoints"])
    assert (host["address"], host["port_value"]) == (HOST, 443)
    host |= {"address": "127.0.0.1", "port_value": port}
    validation = cluster["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
    validation["trusted_ca"]["filename"] = str(authority)
    made["static_resources"]["clusters"].append(cluster)
    listener = stacks.listener(made)
    made["static_resources"]["listeners"] = [listener]
    stacks.set_tiergate_configuration(listener, {
        "default_cluster": "litellm", "headers": {"response": "full"},
        "models": {CANDIDATES[2]: {"upstream_model": "gpt-5-nano", "tools": False}},
        "tiers": {tier: CANDIDATES for tier in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")},
        "signals": public["signals"],
    })
    return made


def test_the_preset_and_the_shipped_cluster_fetch_over_tls(gateway, tmp_path):
    pem = certificate(tmp_path, HOST)
    with Server(pem) as server, Running(tmp_path, envoy(gateway, server.port, pem), workers=2) as running:
        running.settled(SECOND)
        assert set(server.asked) == {("/v1/signals/momentum", HOST)}


@pytest.mark.parametrize("wrong", ["name", "authority"])
def test_a_stranger_is_not_believed(gateway, tmp_path, wrong):
    pem = certificate(tmp_path, "feed.example" if wrong == "name" else HOST)
    trusted = pem if wrong == "name" else certificate(tmp_path, "other.example")
    with Server(pem) as server, Running(tmp_path, envoy(gateway, server.port, trusted), workers=1) as running:
        stacks.wait_until(lambda: running.fetches("unavailable"), 30, "a fetch fails")
        assert running.ask()[0] == FIRST
        assert server.asked == []
