from __future__ import annotations

from pathlib import Path

import pytest

from workbench.foundation.errors import Invalid, NotFound, Unavailable, WorkbenchError
from workbench.foundation.secret import named_like_a_secret, read_secret


def test_a_secret_is_read_from_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "abc")
    (tmp_path / "token").write_text("dëf\n")
    assert read_secret("env:SHOP_TOKEN") == "abc"
    assert read_secret(f"file:{tmp_path}/token") == "dëf"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_secret("file:~/token") == "dëf"


@pytest.mark.parametrize("given", ["hush", "", "env:", "file:hush", "Bearer hush", "vault:hush", "env hush"])
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
