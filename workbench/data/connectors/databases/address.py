"""The address of a database server, with its password by reference."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from workbench.data.connectors.fragment import options_of
from workbench.foundation.errors import Invalid, Unavailable
from workbench.foundation.secret import is_reference, read_secret

__all__ = ["DatabaseOptions", "address_of", "missing_driver"]

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
# A server that is gone without a word is noticed after a minute, not after hours.
_POSTGRES = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}


def _by_reference(given: str) -> str:
    if given and not is_reference(given):  # without repeating it, since it may be the password
        raise ValueError("has a password in clear: it is env:NAME or file:/path")
    return given


class DatabaseOptions(BaseModel):
    """What the address of a database server says behind its `#`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: Annotated[str, AfterValidator(_by_reference)] = Field("", description="Where the password is.")


def address_of(url: str) -> URL:
    """The address with the driver that we use, and with its password, if it says where that is.

    Raises:
        Invalid: It cannot be parsed, or its options are none.
        NotFound: There is no such secret.
    """
    given, fragment = url, ""
    rest, _, behind = url.rpartition("#")
    if rest and "=" in behind and "@" not in behind and not url.startswith("sqlite"):
        given, fragment = rest, behind
    try:
        parsed = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise Invalid(f"the database URL cannot be used: {sentence(error)}", hint="scheme://user@host/name") from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is not None:
        parsed = parsed.set(drivername=driver)
    options = options_of(
        DatabaseOptions, fragment, parsed.render_as_string(), noun="database", example="password=env:NAME"
    )
    if options.password:
        parsed = parsed.set(password=read_secret(options.password))
    if parsed.get_backend_name() == "postgresql":
        wanting = {name: value for name, value in _POSTGRES.items() if name not in parsed.query}
        parsed = parsed.update_query_dict(wanting)
    return parsed


def shown(url: URL) -> str:
    """The address as it is shown and kept: without its password, and without what we added."""
    return url.difference_update_query(_POSTGRES).render_as_string(hide_password=True)


def missing_driver(url: str, error: ModuleNotFoundError) -> Unavailable:
    """The error for a driver that is not installed."""
    extra = _EXTRAS.get(error.name or "", "postgres")
    return Unavailable(
        f"a database by '{url.split(':')[0]}' needs the package '{error.name}'",
        hint=f"pip install 'analytics-workbench[{extra}]'",
    )


def sentence(error: BaseException) -> str:
    """An error's first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
