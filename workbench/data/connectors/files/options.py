"""How files are read, as it stands behind the `#` of a path: `sales-*.csv#file=month&separator=;`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from workbench.data.connectors.files.delimited import TextFormat
from workbench.data.connectors.fragment import (
    AUTH_SAID,
    TYPES_SAID,
    Auth,
    Secrets,
    Settings,
    Types,
    credentials_of,
    options_of,
)
from workbench.foundation.errors import Invalid
from workbench.foundation.http import Credentials

__all__ = ["FileOptions"]


class FileOptions(BaseModel):
    """What a path says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    separator: str | None = Field(
        None,
        description="One character between the fields of delimited text, or `tab`; by default what the ending says.",
    )
    encoding: str | None = Field(None, description="Of delimited text that is not UTF-8, such as cp1252.")
    file: str = Field("", description="Name of a column that is added: the file that a row is from.")
    sheet: str = Field("", description="Of an Excel workbook: its name, or its number from 1; by default the first.")
    header: int = Field(1, ge=1, description="The row of a sheet that names its columns, from 1.")
    types: Types = Field(default_factory=dict, description=TYPES_SAID)
    auth: Auth = Field("", description=f"Of https://. {AUTH_SAID}")
    private: bool = Field(False, description="Whether this host may be on this machine or in the local network.")
    most_mb: int = Field(512, ge=1, le=4_000, description="Megabytes that a file of https:// may be large.")
    secrets: Secrets = Field(
        default_factory=dict,
        description="What a store's library takes that is secret, `key:env:NAME,secret:file:/path`.",
    )
    settings: Settings = Field(
        default_factory=dict, description="What else it takes, `endpoint_url:https://host,anon:true`."
    )

    @classmethod
    def of_fragment(cls, fragment: str, place: str) -> FileOptions:
        """
        Args:
            place: The path without it, for errors.

        Raises:
            Invalid: An unknown option or a wrong value; all are named.
        """
        return options_of(cls, fragment, place, noun="file", example="file=origin&types=id:text")

    @property
    def text(self) -> TextFormat | None:
        """How delimited text is written, if anything is said about it.

        Raises:
            Invalid: That separates nothing, or there is no such encoding.
        """
        if self.separator is None and self.encoding is None:
            return None
        return TextFormat(self.separator, self.encoding or "utf-8")

    def credentials(self) -> Credentials | None:
        """What `auth` refers to, read now; see `credentials_of`."""
        return credentials_of(self.auth)

    def only(self, place: str, *belonging: str) -> None:
        """
        Args:
            belonging: Which options about where files lie make sense there.

        Raises:
            Invalid: Another one is given.
        """
        for name in ("auth", "private", "most_mb", "secrets", "settings"):
            if name in self.model_fields_set and name not in belonging:
                raise Invalid(
                    f"{place} has '{name}', which says nothing about files there", hint="see docs/connectors.md"
                )
