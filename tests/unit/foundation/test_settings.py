from __future__ import annotations

from pathlib import Path

import pytest

from workbench.foundation.errors import Invalid, NotFound
from workbench.foundation.settings import find_home, load


def test_the_workspace_is_the_nearest_folder_upward(workspace: Path) -> None:
    deep = workspace / "notebooks" / "deep"
    deep.mkdir(parents=True)
    assert find_home(deep) == workspace


def test_the_environment_names_the_workspace_from_anywhere(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_HOME", str(workspace))
    assert load().home == workspace


def test_outside_of_a_workspace_the_error_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    with pytest.raises(NotFound) as caught:
        find_home(tmp_path)
    assert "workbench init" in str(caught.value.hint)


def test_a_folder_that_is_no_workspace_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no workspace: there is no workbench\.toml in .*nowhere"):
        load(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_misspelt_variable_is_refused_and_a_strangers_is_not(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_OF_ANOTHER_PROGRAM", "1")
    load(workspace)
    monkeypatch.setenv("WORKBENCH_PIN_DAYZ", "3")
    with pytest.raises(Invalid, match="no setting 'WORKBENCH_PIN_DAYZ'; did you mean 'WORKBENCH_PIN_DAYS'"):
        load(workspace)


def test_the_file_is_read_and_the_environment_wins(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace / "workbench.toml").write_text("pin_days = 7\ncell_timeout = 60\n")
    monkeypatch.setenv("WORKBENCH_PIN_DAYS", "30")
    settings = load(workspace)
    assert (settings.pin_days, settings.cell_timeout) == (30, 60)


def test_paths_are_relative_to_the_workspace(workspace: Path) -> None:
    (workspace / "workbench.toml").write_text('lake_root = "elsewhere"\n')
    settings = load(workspace)
    assert settings.lake_root == workspace / "elsewhere"
    assert settings.catalog_url == f"sqlite:///{workspace}/.workbench/catalog.db"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pin_dayz = 3", "workbench.toml, line 1: the workspace has the unknown setting 'pin_dayz'; did you mean"),
        ("pin_days = 'soon'", "workbench.toml, line 1: the workspace has a wrong 'pin_days': input should be a valid"),
        ("# first\n[chromium]\npath = 'x'", "workbench.toml, line 2: the workspace has a wrong 'chromium'"),
        ("pin_days = ", "is not valid TOML"),
    ],
)
def test_a_wrong_file_ends_in_one_sentence(workspace: Path, text: str, said: str) -> None:
    (workspace / "workbench.toml").write_text(text)
    with pytest.raises(Invalid, match=r".") as caught:
        load(workspace)
    assert said in str(caught.value)


def test_all_wrong_settings_are_told_at_once_and_where_they_come_from(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "workbench.toml").write_text("pin_dayz = 3\n\ncell_timeout = 0\n")
    monkeypatch.setenv("WORKBENCH_PIN_DAYS", "soon")
    with pytest.raises(Invalid) as caught:
        load(workspace)
    file, first, second, environment = str(caught.value).splitlines()
    assert file == "workbench.toml has 2 mistakes:"
    assert first.startswith("  line 1: the workspace has the unknown setting 'pin_dayz'")
    assert second.startswith("  line 3: the workspace has a wrong 'cell_timeout'")
    assert environment.startswith("environment: the workspace has a wrong 'pin_days'")


def test_settings_that_are_not_utf_8_are_refused(workspace: Path) -> None:
    (workspace / "workbench.toml").write_bytes(b"log_level = '\xff'\n")
    with pytest.raises(Invalid, match="is not valid TOML"):
        load(workspace)
