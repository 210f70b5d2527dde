from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from workbench import Workbench

METRICS = """
- name: sold
  label: Sold
  dataset: sales
  aggregation: count
  time: at
  format: ",d"
  dimensions: &all
    - {name: shop, label: Shop}
    - {name: kind, label: Kind}
    - name: part
      label: Part of the week
      sql: CASE WHEN EXTRACT(ISODOW FROM at) > 5 THEN 'weekend' ELSE 'week' END
      order: [week, weekend]
    - {name: till, label: Till}
- name: price
  label: Price
  dataset: sales
  aggregation: mean
  column: price
  time: at
  unit: EUR
  format: ",.2f"
  dimensions: *all
- name: returned
  label: Returned
  dataset: sales
  aggregation: count
  filter: back
  time: at
  format: ",d"
  dimensions: *all
- name: return_rate
  label: Return rate
  type: ratio
  numerator: returned
  denominator: sold
  format: ".1%"
"""

SHOPS = ["O'Hara's", "Old Town", None]


def sales() -> pl.DataFrame:
    """Forty days with a growing number of sales, and none on the tenth."""
    rows = [
        {
            "at": datetime(2024, 1, 1, 9 + number % 4, tzinfo=UTC) + timedelta(days=day),
            "shop": SHOPS[(day + number) % 3],
            "kind": "tea" if number % 2 else "coffee",
            "till": number % 4,
            "price": 2.0 + day / 10 + number,
            "back": number == 0 and day % 5 == 0,
        }
        for day in range(40)
        for number in range(1 + day // 4)
        if day != 9
    ]
    return pl.DataFrame(rows, schema_overrides={"at": pl.Datetime("us", "UTC")})


@pytest.fixture
def shop(wb: Workbench) -> Workbench:
    """A workbench with a dataset of sales and metrics over it."""
    folder = wb.settings.home / "metrics"
    folder.mkdir(exist_ok=True)
    (folder / "sales.yaml").write_text(METRICS)
    wb.datasets.create("sales", sales())
    return wb
