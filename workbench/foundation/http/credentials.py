"""What shows a server who asks. Goes to the host it is for and to no other, and into no message."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from workbench.foundation.errors import Invalid

__all__ = ["Credentials"]

HIDDEN = "***"


@dataclass(frozen=True, repr=False)
class Credentials:
    """Made by `bearer`, `basic`, `header` or `parameter`.

    Attributes:
        headers: Sent with every request to the host.
        parameters: Likewise, in the query of the address.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @classmethod
    def bearer(cls, token: str) -> Credentials:
        return cls.header("Authorization", f"Bearer {_sendable(token)}", secret=token)

    @classmethod
    def basic(cls, user: str, password: str) -> Credentials:
        """
        Raises:
            Invalid: The user's name has a colon, which ends it.
        """
        if ":" in user:
            raise Invalid("a user's name cannot have a colon where a password follows it")
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls({"Authorization": f"Basic {both}"}, secrets=(password, both))

    @classmethod
    def header(cls, name: str, value: str, *, secret: str | None = None) -> Credentials:
        """A header of its own, such as `X-Api-Key`.

        Raises:
            Invalid: The name is none, or the value cannot be sent.
        """
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise Invalid(f"{name!r} is no name of a header")
        return cls({name: _sendable(value)}, secrets=(secret or value,))

    @classmethod
    def parameter(cls, name: str, value: str) -> Credentials:
        """A parameter of the address, such as `api_key`."""
        return cls(parameters={name: value}, secrets=(value,))

    def hide(self, text: str) -> str:
        """The text without the secrets, as they are and as they are written in an address."""
        for secret in self.secrets:
            for written in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}:
                text = text.replace(written, HIDDEN) if written else text
        return text

    def __repr__(self) -> str:
        return f"Credentials({', '.join([*self.headers, *self.parameters])})"


def _sendable(value: str) -> str:
    """What a header can carry; a library's own error would repeat it."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise Invalid("a secret has a character that a header cannot carry", hint="is it cut out of a longer text?")
    return value
