"""The same comparison in onestop and in DuckDB, side by side: who has a row that the other lacks, and which amounts differ.

    python3 -m venv venv && venv/bin/pip install duckdb
    ONESTOP_BENCH_ENTRIES=1000000 ONESTOP_BENCH_DIR=bench-office cargo bench --bench office
    venv/bin/python benches/reconcile.py bench-office

DuckDB gets the ledger as a CSV of keys and amounts, which the benchmark writes beside the list; onestop reads its ledger's outlines. DuckDB
counts rows that differ; it names no cause, no remedy, and no row that is listed twice. Times are wall clock, memory is the process's peak.
"""

import pathlib
import resource
import sys
import time

import duckdb

directory = pathlib.Path(sys.argv[1])
hospital, ledger = directory / "list.csv", directory / "ledger.csv"
if not ledger.exists():
    sys.exit(f"{ledger} is missing; run the benchmark first, with ONESTOP_BENCH_DIR")

start = time.monotonic()
connection = duckdb.connect()
connection.execute("SET threads TO 2")
differences = connection.execute(
    f"""
    SELECT count(*) FROM read_csv('{hospital}', all_varchar = true) h
    FULL JOIN read_csv('{ledger}', all_varchar = true) l
      ON h.setl_id = l.setl_id AND h.refd_setl_flag = l.refd_setl_flag
    WHERE h.setl_id IS NULL OR l.setl_id IS NULL OR h.psn_no <> l.psn_no
       OR h.medfee_sumamt::DECIMAL(16,2) <> l.medfee_sumamt::DECIMAL(16,2)
       OR h.fund_pay_sumamt::DECIMAL(16,2) <> l.fund_pay_sumamt::DECIMAL(16,2)
       OR h.acct_pay::DECIMAL(16,2) <> l.acct_pay::DECIMAL(16,2)
    """
).fetchone()[0]
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"DuckDB {duckdb.__version__}: {seconds:.2f} s, {differences} rows that differ, peak {peak:.0f} MiB")
