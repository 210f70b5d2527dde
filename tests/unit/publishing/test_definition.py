from __future__ import annotations

from pathlib import Path

import pytest

from workbench.foundation.errors import Invalid, NotFound
from workbench.publishing.reports import Reports


def test_a_report_is_found_by_its_name(reports: Reports) -> None:
    found = reports.get("punctuality")
    assert (found.title, found.notebook, found.parameters) == (
        "Flight punctuality",
        Path("reports/punctuality.ipynb"),
        {"rows": 4},
    )
    assert [report.name for report in reports.list()] == ["punctuality"]


def test_a_changed_definition_is_another_version(reports: Reports, home: Path) -> None:
    before = reports.get("punctuality").version
    path = home / "reports" / "punctuality.yaml"
    path.write_text(path.read_text() + "audience: operations\n")
    assert reports.get("punctuality").version != before


def test_a_mistyped_name_is_told_the_nearest_one(reports: Reports) -> None:
    with pytest.raises(NotFound, match="no report 'punctualty'; did you mean 'punctuality'\\?"):
        reports.get("punctualty")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "reports/other.yaml, line 2: not valid YAML"),
        ("- a\n- b", "reports/other.yaml is not a report: it has to hold name, title and notebook"),
        ("", "reports/other.yaml is not a report: it has to hold"),
        ("name: other\ntitle: T", "reports/other.yaml, line 1: the report needs 'notebook'"),
        (
            "name: other\ntitel: T\nnotebook: n",
            "line 2: the report has the unknown field 'titel'; did you mean 'title'\\?",
        ),
        ("name: else\ntitle: T\nnotebook: n.ipynb", "line 1: the report has the name 'else'; it has to be the file's"),
        ("name: other\ntitle: T\nnotebook: n.ipynb", "names the notebook n.ipynb, which does not exist"),
        ("name: other\ntitle: T\nnotebook: n\nversion: 3", "line 4: the report has the unknown field 'version'"),
        ("name: other\ntitle: T\ntitle: U\nnotebook: n", "line 3: 'title' stands there twice, first on line 2"),
        ("name: Other!\ntitle: T\nnotebook: n.ipynb", "the name 'Other!'; use up to 64 lower-case letters"),
        (
            "name: other\ntitle: T\nnotebook: n\nparameters: 3",
            "line 4: the report has a 'parameters' that is not a mapping",
        ),
    ],
)
def test_a_wrong_definition_is_one_sentence_that_names_the_file(
    reports: Reports, home: Path, text: str, message: str
) -> None:
    (home / "reports" / "other.yaml").write_text(text + "\n")
    with pytest.raises((Invalid, NotFound), match=message):
        reports.get("other")
    assert reports.get("punctuality").name == "punctuality"


def test_every_mistake_of_a_report_is_told_at_once(reports: Reports, home: Path) -> None:
    (home / "reports" / "other.yaml").write_text("name: other\ntitel: T\nnotebook: n\nlanguage: English\n")
    with pytest.raises(Invalid) as refused:
        reports.get("other")
    assert str(refused.value).splitlines() == [
        "reports/other.yaml has 2 mistakes:",
        "  line 2: the report has the unknown field 'titel'; did you mean 'title'?",
        "  line 4: the report has the language 'English'; use a language tag such as en or de-AT",
    ]


def test_a_wrong_file_takes_no_other_report_along(reports: Reports, home: Path) -> None:
    (home / "reports" / "another.yaml").write_text("name: [\n")
    (home / "reports" / "other.yaml").write_text("title: T\n")
    assert [report.name for report in reports.list()] == ["punctuality"]
    first, second = reports.list().problems
    assert first.startswith("reports/another.yaml, line 2: not valid YAML")
    assert second.startswith("reports/other.yaml has 2 mistakes")


def test_a_name_cannot_lead_out_of_the_folder(reports: Reports) -> None:
    with pytest.raises(NotFound):
        reports.get("../workbench")
