"""Secrets are named, never written down: `env:SHOP_TOKEN`, `file:/run/secrets/shop`, or `keyring:shop/reader`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.foundation.errors import Invalid, NotFound, Unavailable, nearest

__all__ = ["is_reference", "named_like_a_secret", "read_secret"]

MOST_BYTES = 65_536
_NAME = re.compile(r"(^|_)(password|passwd|pwd|secret|token|api_?key|private_?key|credentials?)($|_)", re.IGNORECASE)


def named_like_a_secret(name: str) -> bool:
    """Whether a name is one that a secret would have: "api_key", "shop_token"."""
    return _NAME.search(name.replace("-", "_")) is not None


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is kept, and is not one itself."""
    return text.partition(":")[0] in ("env", "file", "keyring")


def read_secret(reference: str) -> str:
    """The secret that a reference stands for, as it is now.

    Args:
        reference: `env:NAME` is a variable of this process's environment, `file:PATH` the content of a file, without
            the line's end after it. The path begins with `/` or `~`, so that it is the same from every folder.
            `keyring:SERVICE/NAME` is kept by the system for its user; the name stands behind the last slash.

    Raises:
        Invalid: No reference, or what it names is empty or more than a secret can be. What was given is not repeated,
            since it may be the secret itself.
        NotFound: No such variable or file, or nothing of that name in the keyring.
        Unavailable: The file may not be read, or there is no keyring, or it is locked.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        secret = _of_environment(name)
    elif kind == "file" and name.startswith(("/", "~")):
        secret = _of_file(Path(name).expanduser())
    elif kind == "keyring" and all(name.rpartition("/")[::2]):
        secret = _of_keyring(*name.rpartition("/")[::2])
    else:
        raise Invalid(
            "a secret is given by where it is kept, never in clear",
            hint="write env:NAME for a variable of the environment, file:/path for a file, or keyring:service/name",
        )
    if not secret:
        raise Invalid(f"the secret {reference} is empty")
    if not secret.isprintable():
        raise Invalid(f"the secret {reference} has a control character", hint="a secret is one line of text")
    return secret


def _of_environment(name: str) -> str:
    if name not in os.environ:
        guess = nearest(name, os.environ)
        raise NotFound(
            f"no variable '{name}' in the environment" + (f"; did you mean '{guess}'?" if guess else ""),
            hint="a notebook's kernel gets few of its server's variables; file:/path is there for both",
        )
    return os.environ[name].strip()


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"no file {path}, which should hold a secret", hint="check the path") from None
    except OSError as error:
        raise Unavailable(f"the secret in {path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise Invalid(f"{path} is larger than a secret can be")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Invalid(f"the secret in {path} is not UTF-8 text") from None


def _of_keyring(service: str, name: str) -> str:
    try:
        import keyring
        from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError
    except ImportError:
        raise Unavailable(
            "a secret in the keyring needs the package 'keyring'", hint="pip install 'analytics-workbench[keyring]'"
        ) from None
    try:
        secret = keyring.get_password(service, name)
    except NoKeyringError:
        raise Unavailable(
            "this process has no keyring: none of the kinds that the package 'keyring' knows is running here",
            hint="a server without a desktop rarely has one; `keyring diagnose` says which; file:/path needs none",
        ) from None
    except (InitError, KeyringLocked) as error:
        raise Unavailable(
            f"the keyring is locked: {error}" if str(error) else "the keyring is locked", hint="unlock it, or sign in"
        ) from None
    except KeyringError as error:
        raise Unavailable(f"the keyring cannot be read: {error}", hint="`keyring diagnose` says which it is") from None
    if secret is None:
        raise NotFound(f"the keyring has nothing under '{service}' and '{name}'", hint=f"keyring set {service} {name}")
    return secret.strip()
