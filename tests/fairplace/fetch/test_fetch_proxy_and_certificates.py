"""A council's proxy and the certificates that its machines trust are what requests go by."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairplace.fetch import RefusedError, Transport
from fairplace.fetch.transport import download, get_json

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificate of the machine that runs the tests."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def quick() -> Transport:
    return Transport(pause=0.0, sleep=lambda _: None, attempts=2, timeout=5.0)


def test_requests_go_through_the_proxy_that_the_environment_names(
    publishers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is no such host: only a proxy can answer for it. A proxy is sent the whole address.
    url = "http://publisher.invalid/assets.publishing.service.gov.uk/media/1/File_7_IoD2025_All_Ranks.csv"
    with pytest.raises(OSError, match="2 tries"):
        download(quick(), url, tmp_path / "a.part")
    monkeypatch.setenv("HTTP_PROXY", publishers.address)
    came = download(quick(), url, tmp_path / "b.part")
    assert came.path.stat().st_size > 1000
    assert [query["header host"] for _, query in publishers.asked] == ["publisher.invalid"]


def test_hosts_that_need_no_proxy_are_asked_directly(
    publishers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url = f"{publishers.address}/assets.publishing.service.gov.uk/media/1/File_7_IoD2025_All_Ranks.csv"
    assert download(quick(), url, tmp_path / "a.part").path.stat().st_size > 1000


def test_a_proxy_that_wants_a_password_is_said_at_once() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError("407 Proxy Authentication Required", request=request)

    transport = quick()
    transport._open["client"] = httpx.Client(transport=httpx.MockTransport(refuse))
    with pytest.raises(RefusedError, match=r"wants a name and password \(407\); give them in HTTPS_PROXY"):
        get_json(transport, "https://publisher.invalid/list")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own, as a council's proxy would sign with, and its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a council's proxy")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "own.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder


class _Secure(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a little JSON."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


class _Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that turned away."""


@pytest.fixture
def secure(authority: Path) -> Iterator[str]:
    """An address that answers with a certificate nobody has heard of."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "own.pem", authority / "key.pem")
    server = _Server(("127.0.0.1", 0), _Secure)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/list"
    server.shutdown()
    server.server_close()


def test_a_certificate_of_the_machines_own_store_is_trusted_and_no_other(
    secure: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        RefusedError, match=r"does not trust the certificate.*or name its file in SSL_CERT_FILE"
    ):
        get_json(quick(), secure)
    # The variable by which OpenSSL is told where a machine's store is.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "own.pem"))
    assert get_json(quick(), secure) == {}
