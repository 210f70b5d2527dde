"""Files that people write: where each thing stands, and a sentence for everything that is wrong."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from workbench.foundation.definitions import Definition, complaints, read
from workbench.foundation.errors import Invalid, NotFound


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Circle(Strict):
    shape: Literal["circle"]
    radius: float = Field(gt=0)
    mode: Literal["square", "plain"] = "plain"  # another field's choice that is also the other shape's tag


class Square(Strict):
    shape: Literal["square"]
    side: float


class Layer(Strict):
    name: str
    label: str = ""


class Drawing(Strict):
    title: Annotated[str, Field(pattern="^[A-Z]", description="A capital first.")]
    code: Annotated[str, Field(pattern="^[0-9]+$")] = "1"
    colour: Colour = Colour.RED
    kind: Literal["sketch", "plan"] = "plan"
    number: Literal[1, 2] = 1
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="shape")], ...] = ()
    single: Circle | Square | None = Field(default=None, discriminator="shape")
    layers: dict[str, Layer] | None = None
    corner: tuple[int, Layer] | None = None
    either: Layer | Circle | None = None
    bound: int | float | date | datetime | None = None
    parameters: dict[str, Any] = {}
    needed: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    size: int = 1

    @field_validator("size")
    @classmethod
    def _even(cls, size: int) -> int:
        if size % 2 and size > 1:
            raise ValueError(f"needs an even size, not {size}")
        return size


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "drawing.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def said_of(folder: Path, text: str) -> list[tuple[int | None, str]]:
    file = read(written(folder, text))
    assert file.validated(Drawing, file.content, noun="drawing") is None
    return [(one.line, one.sentence) for one in file.found]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("title: T\nsze: 2", 2, "the drawing has the unknown field 'sze'; did you mean 'size'?"),
        ("title: T\nkind: plann", 2, "the drawing has the kind 'plann'; did you mean 'plan'?"),
        ("title: T\nkind: zzz", 2, "the drawing has the kind 'zzz'; use 'sketch' or 'plan'"),
        ("title: T\nnumber: 5", 2, "the drawing has the number 5; use 1 or 2"),
        ("title: T\ncolour: gren", 2, "the drawing has the colour 'gren'; did you mean 'green'?"),
        ("size: 2", 1, "the drawing needs 'title'"),
        ("size: 2\ntitel: T", 2, "the drawing has the unknown field 'titel'; did you mean 'title'?"),
        ("title: small", 1, "the drawing has the title 'small'; use a capital first"),
        ("title: T\ncode: x", 2, "the drawing has the code 'x'; it has to match ^[0-9]+$"),
        ("title: T\nsize: 3", 2, "the drawing needs an even size, not 3"),
        ("title: T\nparameters: 3", 2, "the drawing has a 'parameters' that is not a mapping of fields"),
        (
            "title: T\nbound: soon",
            2,
            "the drawing has the bound 'soon'; use a whole number, a number, a date or a time",
        ),
        (
            "title: T\nlayers:\n  x: {name: a, lable: b}",
            3,
            "layer 'a' has the unknown field 'lable'; did you mean 'label'?",
        ),
        ("title: T\nlayers:\n  x:\n    label: b", 4, "layer 'x' needs 'name'"),
        (
            "title: T\nlayers:\n  x: {name: [1]}",
            3,
            "layer 'x' has a wrong 'name': input should be a valid string (it is [1])",
        ),
        ("title: T\nshapes:\n- shape: circel", 3, "shape 1 has the shape 'circel'; did you mean 'circle'?"),
        ("title: T\nshapes:\n- shape: x", 3, "shape 1 has the shape 'x'; use circle, square"),
        ("title: T\nshapes:\n- side: 2", 3, "shape 1 needs 'shape', its kind"),
        ("title: T\nshapes:\n- 3", 3, "shape 1 is not a mapping of fields"),
        (
            "title: T\nshapes:\n- {shape: square, side: 1}\n- shape: circle\n  radius: 0",
            5,
            "shape 2 (circle) has a wrong 'radius': input should be greater than 0 (it is 0)",
        ),
        (
            "title: T\nshapes:\n- shape: square\n  sid: 1",
            4,
            "shape 1 (square) has the unknown field 'sid'; did you mean 'side'?",
        ),
        (
            "title: T\nsingle:\n  shape: square\n  side: 1\n  radios: 2",
            5,
            "the drawing has the unknown field 'single.radios'; there is shape, side",
        ),
        (
            "title: T\ncorner: [1, {name: n, lable: l}]",
            2,
            "corner 'n' has the unknown field 'lable'; did you mean 'label'?",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    assert said_of(tmp_path, text) == [(line, sentence)]


def test_what_fits_no_member_of_a_union_has_the_fields_of_each_member(tmp_path: Path) -> None:
    said = said_of(tmp_path, "title: T\neither:\n  name: n\n  lable: l\n")
    assert (4, "the drawing has the unknown field 'either.lable'; did you mean 'label'?") in said


def test_what_is_no_mapping_at_all_is_said_of_the_whole(tmp_path: Path) -> None:
    assert said_of(tmp_path, "") == [(1, "the drawing is not a mapping of fields")]
    assert said_of(tmp_path, "- a\n- b\n") == [(1, "the drawing is not a mapping of fields")]


def test_what_holds_a_wrong_thing_is_not_judged_itself(tmp_path: Path) -> None:
    ((line, said),) = said_of(tmp_path, "title: T\nneeded:\n- x\n")
    assert line == 3
    assert said.startswith("the drawing has a wrong 'needed.0': input should be a valid integer")
    assert said_of(tmp_path, "title: T\nneeded: []\n")[0][1].startswith("the drawing has a wrong 'needed'")


def test_long_values_are_shortened(tmp_path: Path) -> None:
    ((_, said),) = said_of(tmp_path, f"title: {'x' * 1000}\n")
    assert len(said) < 150


def test_keys_that_are_no_texts_are_mistakes_too(tmp_path: Path) -> None:
    ((_, said),) = said_of(tmp_path, "title: T\n7: x\n")
    assert "7" in said


def test_one_of_several_is_named_with_what_is_inside_of_it(tmp_path: Path) -> None:
    file = read(written(tmp_path, "- {title: T, size: 2}\n- title: t\n  shapes:\n  - {shape: circle}\n- 5\n"))
    for at, entry in enumerate(file.content):
        file.validated(Drawing, entry, (at,), noun="drawing")
    assert file.mistakes().splitlines() == [
        f"{tmp_path.name}/drawing.yaml has 3 mistakes:",
        "  line 2: drawing 2 has the title 't'; use a capital first",
        "  line 4: shape 1 (circle) of drawing 2 needs 'radius'",
        "  line 5: drawing 3 is not a mapping of fields",
    ]


def test_a_reader_may_have_other_fields_than_the_model(tmp_path: Path) -> None:
    file = read(written(tmp_path, "title: T\nsyze: 2\n"))
    file.validated(Drawing, file.content, noun="drawing", fields={Drawing: ["title", "syzes"]})
    assert "did you mean 'syzes'" in file.mistakes()


def test_half_a_character_that_yaml_lets_one_escape_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "half.yaml"
    path.write_text('name: sound\ndescription: "caf\\ud83d"\n')
    with pytest.raises(Invalid, match=r"half\.yaml, line 2: not a str: .* surrogates not allowed"):
        read(path)


def test_complaints_need_no_file() -> None:
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate({"title": "T", "sze": 1})
    (one,) = complaints(caught.value, Drawing, None, noun="drawing", term="setting")
    assert (one.place, one.line) == (("sze",), None)
    assert one.sentence == "the drawing has the unknown setting 'sze'; did you mean 'size'?"


def test_a_sound_file_is_made_into_its_model_and_nothing_is_refused(tmp_path: Path) -> None:
    file = read(written(tmp_path, "title: T\nsize: 4\n"))
    drawing = file.validated(Drawing, file.content, noun="drawing")
    assert drawing is not None
    assert drawing.size == 4
    file.refuse()
    assert file.mistakes() == ""


def test_complaints_of_a_file_are_told_by_line_and_each_once(tmp_path: Path) -> None:
    file = read(written(tmp_path, "a: 1\nb: 2\n"))
    for key in ("b", "a", "b"):
        file.complain((key,), f"{key} is wrong")
    with pytest.raises(Invalid, match=r"drawing.yaml has 2 mistakes:\n  line 1: a is wrong\n  line 2: b is wrong$"):
        file.refuse()


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("a", "b"), 2),
        (("a", "b", 1), 4),
        (("a", "b", 1, "c"), 4),
        (("a", "b", 1, "missing"), 4),
        (("a", "b", 9), 2 + 1),
        (("missing", "x"), 1),
        (("other", "c"), 7),
        (("other", "base"), 5),
    ],
)
def test_every_place_has_a_line_and_an_absent_one_that_of_what_is_around_it(
    tmp_path: Path, place: tuple[str | int, ...], line: int
) -> None:
    text = "a:\n  b:\n  - x\n  - c: 1\nbase: &base {base: 1, c: 2}\nother:\n  c: 3\n  <<: *base\n"
    assert read(written(tmp_path, text)).line(place) == line


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no pipeline definition .*none\.yaml"):
        read(tmp_path / "none.yaml", kind="pipeline definition")
    with pytest.raises(Invalid, match="cannot be read: Is a directory"):
        read(tmp_path)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def merging_bomb(levels: int) -> str:
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: 1\nb: \xff\n", "drawing.yaml, line 2: not UTF-8"),
        ("a: 1\nb: [2\nc: 3\n", "line 3: not valid YAML: .* from line 2 on"),
        ("a: 1\nb: \x07\n", "line 2: not valid YAML: special characters are not allowed"),
        ("a: 1\n---\nb: 2\n", "line 2: not valid YAML: but found another document"),
        ("a: 1\nb: !!python/object/apply:os.getcwd []\n", "line 2: not valid YAML: could not determine a constructor"),
        ("a: 1\nday: 2013-02-30\n", "line 2: not a timestamp: day is out of range for month"),
        ("a: 1\nb: !!bool perhaps\n", "line 2: not a bool"),
        ("a: 1\nb:\n  c: 2\n  d: 3\n  'c': 4\n", "line 5: 'c' stands there twice, first on line 3$"),
        ("a: {b: 1, b: 1}\n", "line 1: 'b' stands there twice, first on line 1$"),
        ("a: &a\n- *a\n", "line 1: an alias stands inside of what it stands for"),
        (bomb(12), "line 5: with its aliases this is more than 100,000 values"),
        (merging_bomb(30), "with its aliases this is more than 100,000 values"),
        ("[" * 5000, "is nested more deeply than a definition should be"),
        ("# " + "x" * 1_000_000, "is larger than 1 MB, which no definition should be"),
    ],
    ids=lambda given: str(given)[:25],
)
def test_a_file_that_cannot_be_a_definition_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read(written(tmp_path, text))


def test_aliases_are_for_use(tmp_path: Path) -> None:
    file = read(written(tmp_path, "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n"), shown="file")
    assert isinstance(file, Definition)
    assert (file.shown, file.content) == ("file", {"a": {"x": 1}, "b": {"x": 1}, "c": {"y": 2, "x": 1}})
