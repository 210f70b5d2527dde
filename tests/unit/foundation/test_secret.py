from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyrings.alt.file import PlaintextKeyring

from workbench.foundation.errors import Invalid, NotFound, Unavailable, WorkbenchError
from workbench.foundation.secret import named_like_a_secret, read_secret


def test_a_secret_is_read_from_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "abc")
    (tmp_path / "token").write_text("dëf\n")
    assert read_secret("env:SHOP_TOKEN") == "abc"
    assert read_secret(f"file:{tmp_path}/token") == "dëf"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_secret("file:~/token") == "dëf"


@pytest.fixture
def _keyring_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The user's keyring is one that keeps things in a file of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = keyring.get_keyring()
    keyring.set_keyring(PlaintextKeyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("_keyring_in_a_file")
def test_a_secret_is_kept_by_a_keyring(tmp_path: Path) -> None:
    keyring.set_password("shop", "reader", "hush")
    keyring.set_password("https://shop.example.com", "reader", "hush hush\n")
    assert "reader" in next(tmp_path.rglob("*.cfg")).read_text()
    assert read_secret("keyring:shop/reader") == "hush"
    assert read_secret("keyring:https://shop.example.com/reader") == "hush hush"
    with pytest.raises(NotFound, match="has nothing under 'shop' and 'raeder'") as caught:
        read_secret("keyring:shop/raeder")
    assert caught.value.hint == "keyring set shop raeder"
    keyring.set_password("shop", "reader", "")
    with pytest.raises(Invalid, match="keyring:shop/reader is empty"):
        read_secret("keyring:shop/reader")


KEYRINGS = {
    "keyring.backends.fail.Keyring": "this process has no keyring",
    "keyring.backends.null.Keyring": "the keyring has nothing under 'shop' and 'reader'",
}


@pytest.mark.parametrize("kind", KEYRINGS)
def test_no_keyring_is_said_so(tmp_path: Path, kind: str) -> None:
    """In a process of its own, where the environment says which keyring there is, as on a server without any."""
    environment = dict(os.environ, PYTHON_KEYRING_BACKEND=kind, HOME=str(tmp_path))
    program = (
        "from workbench.foundation.errors import WorkbenchError\n"
        "from workbench.foundation.secret import read_secret\n"
        "try:\n    read_secret('keyring:shop/reader')\n"
        "except WorkbenchError as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert KEYRINGS[kind] in said


@pytest.mark.parametrize(
    "given",
    [
        "hush",
        "",
        "env:",
        "file:hush",
        "Bearer hush",
        "vault:hush",
        "env hush",
        "keyring:hush",
        "keyring:/hush",
        "keyring:",
    ],
)
def test_a_secret_in_clear_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(Invalid, match="never in clear") as caught:
        read_secret(given)
    assert "hush" not in f"{caught.value} {caught.value.hint}"


def test_what_is_not_there_or_no_secret_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", " ")
    with pytest.raises(NotFound, match="no variable 'SHOP_TOKNE' in the environment; did you mean 'SHOP_TOKEN'"):
        read_secret("env:SHOP_TOKNE")
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "lines").write_bytes(b"hush\nhush")
    expected: dict[str, tuple[type[WorkbenchError], str]] = {
        "env:SHOP_TOKEN": (Invalid, "is empty"),
        f"file:{tmp_path}/none": (NotFound, "no file"),
        f"file:{tmp_path}": (Unavailable, "cannot be read"),
        f"file:{tmp_path}/large": (Invalid, "larger"),
        f"file:{tmp_path}/bytes": (Invalid, "not UTF-8"),
        f"file:{tmp_path}/lines": (Invalid, "control character"),
    }
    for reference, (kind, said) in expected.items():
        with pytest.raises(kind, match=said) as caught:
            read_secret(reference)
        assert "hush" not in str(caught.value)


def test_names_that_secrets_have() -> None:
    assert all(map(named_like_a_secret, ["token", "api_key", "apikey", "X-Api-Key", "shop_password", "SECRET"]))
    assert not any(map(named_like_a_secret, ["page", "tokens_used", "key", "author", "cursor"]))
