"""Great Expectations on the checks of `benchmarks.expectations`, in a Python of its own.

It brings many libraries with it, so it is installed apart (`python -m venv GX`, `GX/bin/pip install
great_expectations pyarrow`) and asked through its standard input: a line with a Parquet file's path is answered with a
line of JSON, how many rows break each expectation. What it takes to start and to be imported is not counted.
"""

from __future__ import annotations

import json
import sys

CARRIERS = ["UA", "AA", "DL", "B6", "EV", "WN", "9E", "MQ", "US", "VX"]


def main() -> None:
    import great_expectations as gx
    import great_expectations.expectations as of
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("flights")
    suite = gx.ExpectationSuite(
        name="flights",
        expectations=[
            of.ExpectColumnValuesToNotBeNull(column="id"),
            of.ExpectColumnValuesToBeUnique(column="id"),
            of.ExpectColumnValuesToNotBeNull(column="carrier"),
            of.ExpectColumnValuesToBeInSet(column="carrier", value_set=CARRIERS),
            of.ExpectColumnValuesToMatchRegex(column="tailnum", regex="^N[0-9]{3,5}$"),
            of.ExpectColumnValueLengthsToEqual(column="dest", value=3),
            of.ExpectColumnValuesToBeBetween(column="delay", min_value=-60, max_value=1440),
            of.ExpectColumnValuesToBeBetween(column="distance", min_value=0),
            of.ExpectColumnPairValuesAToBeGreaterThanB(column_A="arrived", column_B="departed", or_equal=True),
            of.ExpectColumnValuesToBeOfType(column="distance", type_="int64"),
        ],
    )
    asked = gx.ValidationDefinition(
        name="flights", data=asset.add_batch_definition_whole_dataframe("whole"), suite=context.suites.add(suite)
    )
    asked = context.validation_definitions.add(asked)
    order = [one.id for one in suite.expectations]
    for line in sys.stdin:
        result = asked.run(batch_parameters={"dataframe": pd.read_parquet(line.strip())}, result_format="SUMMARY")
        found = {one.expectation_config.id: one for one in result.results}
        counts = [int(found[one].result.get("unexpected_count") or 0) for one in order]
        assert found[order[-1]].success
        print("counts " + json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
