"""Cookies as signed statements: an Ed25519 key signs them, and whoever knows its public half can check them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from workbench.governance.identity.model import SignInRefused

__all__ = ["SigningKey", "read_key", "signed", "verified", "write_new_key"]

_ALGORITHM = "EdDSA"
_AUDIENCE = "workbench"
_CURRENT = "signing-key.pem"
_LEEWAY = timedelta(seconds=5)


@dataclass(frozen=True)
class SigningKey:
    """The private half, which stays in one file of the workspace's state, and the public one, which the catalog has."""

    id: str
    private: str
    public: str


def read_key(folder: Path) -> SigningKey | None:
    """The workspace's signing key; None where there is none yet."""
    try:
        text = (folder / _CURRENT).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    name, _, private = text.partition("\n")
    loaded = jwt.algorithms.OKPAlgorithm().prepare_key(private)
    assert isinstance(loaded, Ed25519PrivateKey)
    return SigningKey(name, private, _public(loaded))


def write_new_key(folder: Path) -> SigningKey:
    """Makes a key that only this system user can read, in place of the one there was."""
    made = Ed25519PrivateKey.generate()
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = SigningKey(secrets.token_hex(8), private, _public(made))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = folder / f".{_CURRENT}.{secrets.token_hex(4)}"
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(f"{key.id}\n{key.private}")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / _CURRENT)
    return key


def signed(key: SigningKey, user: str, *, now: datetime, lifetime: timedelta) -> str:
    """A cookie's value that says: this is `user`, from now until its end."""
    # To the microsecond: a user who is removed and registered again within a second is another one.
    claims = {"sub": user, "aud": _AUDIENCE, "iat": now.timestamp(), "exp": now + lifetime}
    return jwt.encode(claims, key.private, algorithm=_ALGORITHM, headers={"kid": key.id})


def verified(cookie: str, public_keys: Mapping[str, str]) -> tuple[str, datetime]:
    """The user a cookie names, and when it was signed (UTC).

    Args:
        public_keys: Of every key whose cookies still hold, by its id.

    Raises:
        SignInRefused: Forged, of a retired key, or expired.
    """
    try:
        key = public_keys[str(jwt.get_unverified_header(cookie).get("kid"))]
        claims = jwt.decode(
            cookie,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            leeway=_LEEWAY,
            options={"require": ["sub", "iat", "exp", "aud"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise SignInRefused("your sign-in has expired", hint="open a fresh link: workbench link") from error
    except (jwt.InvalidTokenError, KeyError) as error:
        raise SignInRefused("this sign-in is not valid here", hint="open a fresh link: workbench link") from error
    return str(claims["sub"]), datetime.fromtimestamp(float(claims["iat"]), UTC)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
