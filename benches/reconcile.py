"""The back office beside DuckDB, in one go: a ledger and a hospital's list are made, reconciled by both, and shown in one table.

    python3 benches/reconcile.py [ENTRIES] [DIRECTORY]

ENTRIES is 1000000 unless said otherwise; DIRECTORY keeps ledger and list for the next time (about 4 GB), else they are removed. DuckDB is
fetched from PyPI into a virtual environment in the directory, when this runs and not before. It gets the ledger as a CSV of keys and
amounts, which the benchmark writes beside the list; onestop reads its ledger's outlines. DuckDB counts rows that differ; it names no cause,
no remedy, and no row that is listed twice. Times are wall clock, memory is the process's peak; both use two threads.
"""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

DUCKDB = """
import pathlib, resource, sys, time
import duckdb
hospital, ledger = sys.argv[1:]
start = time.monotonic()
connection = duckdb.connect()
connection.execute("SET threads TO 2")
differences = connection.execute(f'''
    SELECT count(*) FROM read_csv('{hospital}', all_varchar = true) h
    FULL JOIN read_csv('{ledger}', all_varchar = true) l
      ON h.setl_id = l.setl_id AND h.refd_setl_flag = l.refd_setl_flag
    WHERE h.setl_id IS NULL OR l.setl_id IS NULL OR h.psn_no <> l.psn_no
       OR h.medfee_sumamt::DECIMAL(16,2) <> l.medfee_sumamt::DECIMAL(16,2)
       OR h.fund_pay_sumamt::DECIMAL(16,2) <> l.fund_pay_sumamt::DECIMAL(16,2)
       OR h.acct_pay::DECIMAL(16,2) <> l.acct_pay::DECIMAL(16,2)
''').fetchone()[0]
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(duckdb.__version__, f"{seconds:.2f}", differences, peak)
"""


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def ours(entries, directory):
    """What `cargo bench --bench office` says, line by line."""
    environment = dict(os.environ, ONESTOP_BENCH_ENTRIES=entries, ONESTOP_BENCH_DIR=str(directory))
    command = ["cargo", "bench", "--bench", "office"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def theirs(directory):
    """DuckDB in an environment of its own, in a process of its own."""
    python = directory / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(directory / "venv")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "duckdb"], check=True)
    command = [str(python), "-c", DUCKDB, str(directory / "list.csv"), str(directory / "ledger.csv")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def run(entries, directory):
    said = ours(entries, directory)

    def find(pattern):
        found = re.search(pattern, said)
        return found.groups() if found else ("?",) * re.compile(pattern).groups

    peaks = [int(peak) // 1024 for peak in re.findall(r"VmHWM:\s+(\d+) kB", said)] + ["?", "?"]
    first, = find(r"brought up to date and read: ([\d.]+) s")
    outlines, = find(r"outlines read: ([\d.]+) s")
    rows, listed = find(r"list read: (\d+) rows, ([\d.]+) s")
    reconciled, differences = find(r"reconciled: ([\d.]+) s, (\d+) differences")
    again, threads = find(r"settled again: \d+ entries, ([\d.]+) s, on (\d+) threads")
    version, seconds, counted, peak = theirs(directory)
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, load {load}; {entries} settlements, list of {rows}")
    for row in [
        ("what", "seconds", "peak MiB", "found"),
        ("onestop: list read and reconciled", reconciled, peaks[0], f"{differences} differences with cause and remedy"),
        (f"DuckDB {version}: the join", seconds, peak, f"{counted} rows"),
        ("onestop: of that, the list", listed, "", ""),
        ("onestop: outlines read", outlines, "", ""),
        ("onestop: outlines made, the first time", first, "", ""),
        (f"onestop: all settled again, {threads} threads", again, peaks[1], ""),
    ]:
        print(f"{row[0]:42} {row[1]:>8} {row[2]:>9}  {row[3]}".rstrip())


def main():
    entries = sys.argv[1] if 1 < len(sys.argv) else "1000000"
    if 2 < len(sys.argv):
        directory = pathlib.Path(sys.argv[2]).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        run(entries, directory)
        return
    with tempfile.TemporaryDirectory(prefix="onestop-reconcile-") as directory:
        run(entries, pathlib.Path(directory))


if __name__ == "__main__":
    main()
