"""Over TLS: the host has to show that it is who its name says, though its address was looked up before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from scripted_api import Reply, in_turn, serving

from workbench.foundation.errors import Invalid, Unavailable
from workbench.foundation.http import Client, Limits

FINE = Reply({"fine": True})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def client() -> Client:
    return Client(Limits(attempts=2), private=["localhost", "127.0.0.1"])


def test_a_host_that_is_trusted_answers(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(in_turn(FINE), certificate) as site, client() as asking:
        assert site.url.startswith("https://localhost:")
        assert asking.get(site.url).json() == {"fine": True}
        with pytest.raises(Unavailable, match=r"does not show who it is: .*127\.0\.0\.1"):
            asking.get(site.url.replace("localhost", "127.0.0.1"))
        assert len(site.asked) == 1


def test_a_host_that_nobody_vouches_for_is_not_told_anything(certificate: Path) -> None:
    with serving(in_turn(FINE), certificate) as site, client() as asking:
        with pytest.raises(Unavailable, match="does not show who it is") as caught:
            asking.get(site.url)
        assert site.asked == []
    assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_nobody_is_sent_on_to_where_others_can_read_along(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(in_turn(FINE)) as plain:
        away = Reply(status=302, headers={"Location": plain.url})
        with (
            serving(in_turn(away), certificate) as site,
            client() as asking,
            pytest.raises(Invalid, match="sends on to an address without encryption"),
        ):
            asking.get(site.url)
        assert plain.asked == []
