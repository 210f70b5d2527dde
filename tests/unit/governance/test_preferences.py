from __future__ import annotations

from typing import Any

import pytest

from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.preferences import Preferences, PreferenceSet
from workbench.governance.security import Principal, Role, Scope, Security

DEFAULTS = {"time_zone": None, "week_start": 1, "grain": "day", "theme": "system", "sql_rows": None}


def of(catalog: Catalog, name: str, scopes: frozenset[Scope] | None = None) -> Preferences:
    return Preferences(catalog, Security(catalog), Principal(name, Role.VIEWER, scopes))


def test_each_user_has_their_own_and_defaults_for_the_rest(catalog: Catalog) -> None:
    vera, ana = of(catalog, "vera"), of(catalog, "ana")
    assert vera.all() == DEFAULTS
    assert vera.set("time_zone", "Europe/Vienna") == "Europe/Vienna"
    vera.set("week_start", 7)
    vera.set("week_start", 6)
    assert vera.all() == DEFAULTS | {"time_zone": "Europe/Vienna", "week_start": 6}
    assert of(catalog, "vera").get("week_start") == 6
    assert ana.all() == DEFAULTS
    vera.reset("week_start")
    assert vera.all() == DEFAULTS | {"time_zone": "Europe/Vienna"}
    vera.set("time_zone", None)
    vera.set("sql_rows", 10)
    vera.reset()
    assert vera.all() == DEFAULTS
    assert "time_zone   None" in repr(vera)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("time_zone", "Europe/Viena", "did you mean 'Europe/Vienna'"),
        ("time_zone", 1, "string"),
        ("week_start", 0, "greater than or equal to 1"),
        ("week_start", 8, "less than or equal to 7"),
        ("week_start", "1", "integer"),
        ("week_start", True, "integer"),
        ("grain", "fortnight", "'day'"),
        ("theme", {"a": 1}, "'light'"),
        ("sql_rows", 0, "greater than or equal to 1"),
        ("sql_rows", 10**30, "less than or equal to"),
    ],
)
def test_a_value_that_cannot_be_is_refused(catalog: Catalog, key: str, value: Any, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        of(catalog, "vera").set(key, value)
    assert says in str(caught.value)
    assert f"cannot be the preference '{key}'" in str(caught.value)
    assert of(catalog, "vera").all() == DEFAULTS


def test_what_is_not_known_is_named(catalog: Catalog) -> None:
    vera = of(catalog, "vera")
    for ask in (lambda: vera.get("time_zon"), lambda: vera.set("time_zon", "UTC"), lambda: vera.reset("time_zon")):
        with pytest.raises(NotFound, match="did you mean 'time_zone'"):
            ask()


def test_a_token_that_may_only_read_sets_nothing(catalog: Catalog) -> None:
    reader = of(catalog, "vera", frozenset({Scope.READ}))
    assert reader.get("grain") == "day"
    with pytest.raises(Forbidden, match="no scope 'run'"):
        reader.set("grain", "week")
    with pytest.raises(Forbidden, match="no scope 'run'"):
        reader.reset()


def test_every_preference_says_what_it_is() -> None:
    assert all((field.description or "").endswith(".") for field in PreferenceSet.model_fields.values())
