"""Makes the files of the tests beside this script, with pyarrow 26 and polars 2.1."""

import datetime

import polars
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime.datetime(2023, 11, 14, 22, 13, 20)
rows = range(200)
counts = [row * 7 % 11 for row in rows]
times = [START + datetime.timedelta(minutes=row) for row in rows]
table = pa.table(
    {
        "t": pa.array([1_700_000_000 + 60 * row for row in rows], pa.int64()),
        "n": pa.array(counts, pa.int32()),
        "x": pa.array([count + 0.5 for count in counts], pa.float64()),
        "f": pa.array([count / 4 for count in counts], pa.float32()),
        "u": pa.array([2**64 - 1 - row for row in rows], pa.uint64()),
        "s": [time.isoformat() for time in times],
        "ms": pa.array(times, pa.timestamp("ms")),
        "ns": pa.array(times, pa.timestamp("ns", "UTC")),
        "day": pa.array([time.date() for time in times], pa.date32()),
        "gaps": pa.array([row if row % 5 else None for row in rows], pa.int64()),
        "wrong": pa.array([row % 2 == 0 for row in rows]),
        "list": [[row] for row in rows],
    }
)
pq.write_table(table, "snappy.parquet", row_group_size=64)
numbers = ["t", "n", "u", "ms", "ns", "day", "gaps"]
pq.write_table(
    table.drop_columns(["list"]),
    "gzip-2.parquet",
    compression="gzip",
    data_page_version="2.0",
    data_page_size=512,
    write_page_checksum=True,
    use_dictionary=["x"],
    column_encoding=dict.fromkeys([name for name in numbers if name != "u"], "DELTA_BINARY_PACKED")
    | {"f": "BYTE_STREAM_SPLIT"},
)
polars.DataFrame(table.select(["t", "n", "s", "ms"])).write_parquet("polars.parquet")
