from __future__ import annotations

from workbench.foundation.listing import Listing


def listing(*names: str, problems: tuple[str, ...] = ()) -> Listing[str]:
    return Listing(
        names,
        caption="Animals & co",
        row=lambda name: {"name": name, "letters": str(len(name))},
        empty="There is no animal.",
        problems=problems,
    )


def test_a_listing_is_a_list() -> None:
    assert listing("cat", "horse") == ["cat", "horse"]
    assert listing("cat", "horse")[1] == "horse"
    assert listing() == []


def test_it_shows_itself_as_lines_under_each_other() -> None:
    assert repr(listing("cat", "horse")).splitlines() == ["name   letters", "cat    3", "horse  5"]
    assert repr(listing(problems=("dog: no such thing",))).splitlines() == [
        "There is no animal.",
        "left out: dog: no such thing",
    ]


def test_in_a_notebook_it_is_a_table_with_everything_escaped() -> None:
    html = listing("<cat>", problems=("a < b",))._repr_html_()
    assert '<caption>Animals &amp; co</caption><thead><tr><th scope="col">name</th>' in html
    assert '<tr><th scope="row">&lt;cat&gt;</th><td>5</td></tr>' in html
    assert "left out: a &lt; b" in html
    assert listing()._repr_html_() == "<p>There is no animal.</p>"
