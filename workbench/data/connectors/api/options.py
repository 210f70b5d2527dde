"""How an API is asked, as it stands behind the `#` of its address, which is never sent to a server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.data.connectors.fragment import AUTH_SAID, TYPES_SAID, Auth, Types, credentials_of, options_of
from workbench.foundation.http import Credentials

__all__ = ["ApiOptions", "SendOptions", "Style"]

Style = Literal["none", "page", "offset", "cursor", "next", "link"]

_PARAMETER = {"page": "page", "offset": "offset", "cursor": "cursor"}


class ApiOptions(BaseModel):
    """What an API's address says behind its `#`: `rows=data.items&pages=cursor&next=meta.next`.

    A path leads into the body: names and positions (from 0, or from the end: -1) with dots between them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: str = Field("", description="Path of the list of rows; empty: the body is that list.")
    pages: Style = Field(
        "none",
        description="How there is more: none, page (a number), offset (rows to skip), cursor (from the body), next (a"
        " link in the body) or link (a Link header).",
    )
    parameter: str = Field(
        "", description="What the number, offset or cursor is sent as; empty: page, offset or cursor."
    )
    first: int | None = Field(None, ge=0, description="The first page's number or offset; by default 1 or 0.")
    size: int | None = Field(None, ge=1, description="Rows asked for in a page; by default what the API gives.")
    size_parameter: str = Field("limit", min_length=1, description="What `size` is sent as.")
    next: str = Field("next", description="Path of the next cursor or link; null or absent on the last page.")
    more: str = Field("", description="Path of what is true as long as there are more pages.")
    repeats: bool = Field(False, description="Whether a page may have the very rows of the page before.")
    most_pages: int = Field(10_000, ge=1, description="Pages after which something is taken to be wrong.")
    most_mb: int = Field(64, ge=1, le=2_000, description="Megabytes that one page may be large.")
    auth: Auth = Field("", description=AUTH_SAID)
    rate: float | None = Field(None, gt=0, description="Requests in a second; by default as they come.")
    timeout: float = Field(30, gt=0, description="Seconds that the server may be silent.")
    attempts: int = Field(5, ge=1, le=100, description="How often a page is asked for, where asking again may help.")
    private: bool = Field(False, description="Whether this host may be on this machine or in the local network.")
    types: Types = Field(default_factory=dict, description=TYPES_SAID)

    @classmethod
    def of_fragment(cls, fragment: str, place: str) -> ApiOptions:
        """
        Args:
            place: The address without it, for errors.

        Raises:
            Invalid: An unknown option or a wrong value; all are named.
        """
        return options_of(cls, fragment, place, noun="API", example="rows=data&pages=link")

    @model_validator(mode="after")
    def _belonging(self) -> ApiOptions:
        set_ = self.model_fields_set
        of = {
            "parameter": ("page", "offset", "cursor"),
            "first": ("page", "offset"),
            "next": ("cursor", "next"),
            "more": ("page", "offset", "cursor"),
        }
        for name, styles in of.items():
            if name in set_ and self.pages not in styles:
                raise ValueError(f"has '{name}', which belongs to pages={' or '.join(styles)}, and pages={self.pages}")
        return self

    @property
    def asked_by(self) -> str:
        """The name of the parameter that says which page."""
        return self.parameter or _PARAMETER.get(self.pages, "")

    def credentials(self) -> Credentials | None:
        """What `auth` refers to, read now.

        Raises:
            NotFound: There is no such secret.
            Invalid: It cannot be sent.
        """
        return credentials_of(self.auth)


class SendOptions(BaseModel):
    """What an API's address says behind its `#` where rows are sent to it: `rows=items&auth=bearer:env:TOKEN`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["", "POST", "PUT", "PATCH"] = Field(
        "", description="By default PUT where a column stands in the address, else POST."
    )
    rows: str = Field("", description="The field of the body that has the rows; empty: the body is their list.")
    size: int = Field(500, ge=1, le=100_000, description="Rows in one request.")
    auth: Auth = Field("", description=AUTH_SAID)
    rate: float | None = Field(None, gt=0, description="Requests in a second; by default as they come.")
    timeout: float = Field(30, gt=0, description="Seconds that the server may be silent.")
    attempts: int = Field(5, ge=1, le=100, description="How often rows are sent, where sending again may help.")
    private: bool = Field(False, description="Whether this host may be on this machine or in the local network.")

    @classmethod
    def of_fragment(cls, fragment: str, place: str) -> SendOptions:
        """See `ApiOptions.of_fragment`."""
        return options_of(cls, fragment, place, noun="API", example="rows=items&size=200")

    def credentials(self) -> Credentials | None:
        """See `ApiOptions.credentials`."""
        return credentials_of(self.auth)
