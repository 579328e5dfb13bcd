"""onestop and what a user might pick instead, on the same task in the same run.

    python3 benches/peers/run.py

Needs Debian's `postgresql` and Python's `venv`; zen-engine and openfisca-core come from PyPI into a temporary folder. Builds onestop,
compares amounts on generated bills, measures, and writes the tables of benches/RESULTS.md. Needs about ten minutes; a busy machine
disturbs it. ONESTOP_PEERS_SECONDS is how long each row runs (5).
"""

import datetime
import json
import os
import pathlib
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Taken out, since onestop reads what begins with its name as configuration.
SECONDS = int(os.environ.pop("ONESTOP_PEERS_SECONDS", "5"))
DIRECTORY = os.environ.pop("ONESTOP_BENCH_DIR", None)
PERSONS = 50_000
CLIENTS = (1, 8, 32)
STEPS = ("basic", "critical", "supplementary", "tilted", "aid", "topup")


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    options.setdefault("check", True)
    return subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE, **options).stdout


def bills(count, seed=7):
    """Fen in scope, first copayment, over the limit, own expense."""
    draw = random.Random(seed)
    most = (3_000_000, 200_000, 50_000, 100_000)
    return [tuple(draw.randrange(limit) for limit in most) for _ in range(count)]


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


class Postgres:
    """A cluster of its own on loopback, with a synced commit for every settlement."""

    def __init__(self, folder):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            sys.exit("no PostgreSQL: apt-get install postgresql")
        self.bin, self.folder, self.port = found[-1], folder / "pg", "54329"
        self.user = "postgres" if os.geteuid() == 0 else None
        folder.chmod(0o755)
        self.folder.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user)
        self.command("initdb", "-D", self.folder / "data", "-U", "bench", "-A", "trust")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        options += " -c synchronous_commit=on -c shared_buffers=512MB -c max_connections=100"
        self.command("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")
        self.psql("CREATE DATABASE bench", database="postgres")
        self.psql((HERE / "demo.sql").read_text())
        self.psql(f"""
            INSERT INTO person SELECT 'P' || n, '1970-01-01' FROM generate_series(0, {PERSONS - 1}) n;
            INSERT INTO enrolment SELECT id, '000001', '390', '2010-01-01', NULL FROM person;
            INSERT INTO held_identity SELECT id, '2302', '2016-01-01', NULL FROM person;
            INSERT INTO facility VALUES ('H1', '000001', 2, 'county');
            ANALYZE""")

    def command(self, name, *arguments):
        command = [self.bin / name, *arguments]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        # The server keeps what it inherits: it must not inherit our pipe.
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def client(self, name, *arguments, database="bench", **options):
        connection = ("-h", "127.0.0.1", "-p", self.port, "-U", "bench")
        return run(self.bin / name, *connection, *arguments, database, **options)

    def psql(self, text, database="bench"):
        return self.client("psql", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", database=database, input=text)

    def amounts(self, cases):
        """The payments of each step and what the patient pays."""
        calls = [
            f"SELECT quote('P1', 'H1', '2018-03-01', '2018-03-10', {', '.join(map(yuan, case))});" for case in cases
        ]
        answers = [json.loads(line, parse_float=str) for line in self.psql("\n".join(calls)).splitlines() if line]
        return [amounts(one["steps"], one["patient_pay"]) for one in answers]

    def rate(self, call, clients):
        """Calls a second and the median in ms, by pgbench over loopback."""
        parts = ":yuan, 300, 0, 100"
        who = "'P' || :person, 'H1', '2018-03-01', '2018-03-10'"
        one = {
            "quote": f"SELECT quote({who}, {parts});",
            "settle": f"SELECT settle('R' || :number, 'A' || :number, {who}, {parts});",
        }[call]
        script = self.folder.parent / f"{call}.sql"
        script.write_text(
            f"\\set person random(0, {PERSONS - 1})\n\\set yuan random(2000, 32000)\n"
            f"\\set number random(1, 9000000000000000000)\n{one}\n"
        )
        log = self.folder.parent / "pgbench-log"
        printed = self.client(
            "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", min(clients, 2), "-T", SECONDS,
            "-f", script, "-l", "--log-prefix", log,
        )
        times = []
        for part in log.parent.glob("pgbench-log.*"):
            times += [int(line.split()[2]) for line in part.read_text().splitlines()]
            part.unlink()
        tps = float(re.search(r"tps = ([0-9.]+)", printed).group(1))
        return tps, sorted(times)[len(times) // 2] / 1000

    def stop(self):
        self.command("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")


def amounts(steps, patient_pay):
    paid = {step["id"]: f"{float(step['payment']):.2f}" for step in steps}
    return [paid.get(step, "0.00") for step in STEPS] + [f"{float(patient_pay):.2f}"]


def onestop_amounts(folder, cases):
    registers = folder / "registers"
    registers.mkdir()
    (registers / "persons.csv").write_text(
        "person,name,certificate_no,birth,place,insutype,insured_from,insured_to,identity,identity_from,identity_to\n"
        "P1,,,1970-01-01,000001,390,2010-01-01,,2302,2016-01-01,\n"
    )
    (registers / "facilities.csv").write_text(
        "facility,name,place,level,tier,tags,from,to\nH1,,000001,2,county,,2010-01-01,\n"
    )
    names = ("in_scope", "copay_first", "over_limit", "own_expense")
    with open(folder / "cases.jsonl", "w") as file:
        for case in cases:
            parts = {name: yuan(fen) for name, fen in zip(names, case)}
            request = {
                "admission": {
                    "person": "P1", "facility": "H1", "admitted_on": "2018-03-01", "discharged_on": "2018-03-10", "med_type": "21",
                },
                "bill": {"total": yuan(sum(case)), "totals": {"parts": parts}},
            }
            print(json.dumps(request), file=file)
    printed = run(ROOT / "target/release/onestop", "quote", folder / "cases.jsonl", "--registers", registers, cwd=ROOT)
    answers = [json.loads(line)["statement"] for line in printed.splitlines()]
    return [amounts(one["steps"], one["patientPay"]) for one in answers]


def load(folder, *arguments):
    """One row of the load generator: calls a second, median in ms."""
    environment = dict(os.environ, ONESTOP_BENCH_DIR=str(folder))
    printed = run("cargo", "bench", "-q", "--bench", "load", "--", *arguments, cwd=ROOT, env=environment)
    cells = [cell.strip() for cell in printed.splitlines()[-1].strip("|").split("|")]
    return float(cells[5]), float(cells[6])


def core(task):
    """Median time of a task of the core bench, in microseconds."""
    printed = run("cargo", "bench", "-q", "--bench", "core", "--", task, cwd=ROOT)
    line = next(line for line in printed.splitlines() if task in line)
    value, unit = line.split("│")[2].split()
    return float(value) * {"ns": 0.001, "µs": 1, "ms": 1000}[unit]


def control(folder):
    """4 KiB append + fdatasync, for a second and a half."""
    import time

    path, count = folder / "raw", 0
    with open(path, "wb", buffering=0) as file:
        begun = time.monotonic()
        while time.monotonic() - begun < 1.5:
            file.write(b"7" * 4096)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count / 1.5


def engines(folder, cases):
    """What zen-engine and OpenFisca say and how long they need: a program of its own, in an environment of its own."""
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/pip", "install", "-q", "zen-engine", "openfisca-core")
    (folder / "cases.json").write_text(json.dumps(cases))
    return json.loads(run(folder / "venv/bin/python", HERE / "engines.py", folder / "cases.json"))


def differ(ours, theirs):
    return sum(a != b for a, b in zip(ours, theirs))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onestop-peers-", dir=DIRECTORY))
    say("building")
    run("cargo", "build", "--release", cwd=ROOT)
    run("cargo", "bench", "-q", "--no-run", "--bench", "load", "--bench", "core", cwd=ROOT)
    cases = bills(2000)
    ours = onestop_amounts(folder, cases)
    lines = []
    write = lines.append
    today = datetime.datetime.now(datetime.timezone.utc).date()
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    write("# Results\n")
    write("Written by `python3 benches/peers/run.py`; what is measured and how is in `benches/peers/` and `benches/load/`.\n")
    write(f"{today}, {os.cpu_count()} cores of {cpu}, {platform.system()} {platform.release()}, {os.getloadavg()[0]:.1f} others running at the start.")
    write(f"Raw 4 KiB append + fdatasync: {control(folder):.0f}/s before,")
    mark = len(lines)
    write("\n## PL/pgSQL on PostgreSQL\n")
    pg = Postgres(folder)
    try:
        version = pg.psql("SHOW server_version").strip()
        wrong = differ(ours, pg.amounts(cases))
        write(f"PostgreSQL {version}, `synchronous_commit = on`, pgbench with prepared statements over loopback; onestop by its load generator over gRPC.")
        write("The whole chain of the demo pack with its trace, totals, cold persons; a settlement is durable when it is answered.")
        write(f"Amounts of {len(cases)} generated bills: {wrong} differ.\n")
        write("| call | clients | PL/pgSQL a second | p50 ms | onestop a second | p50 ms | times |")
        write("| --- | --- | --- | --- | --- | --- | --- |")
        for call in ("settle", "quote"):
            for clients in CLIENTS:
                say(f"{call}, {clients} clients")
                theirs, their_median = pg.rate(call, clients)
                own, median = load(folder, call, f"connections={clients}", f"seconds={SECONDS}")
                write(f"| {call} | {clients} | {theirs:.0f} | {their_median:.3f} | {own:.0f} | {median:.3f} | {own / theirs:.1f} |")
    finally:
        pg.stop()
    say("engines")
    found = engines(folder, cases)
    settle = core("settle demo, six steps, totals")
    trace = core("trace demo, six steps, totals")
    write("\n## Decision and law engines\n")
    write("One settlement of totals in one thread, without a server or a store. onestop: the core's statement with its reasons, and the same written out as a message with the full trace.\n")
    write("| engine | µs a settlement | amounts that differ | times onestop's statement | times its message |")
    write("| --- | --- | --- | --- | --- |")
    write(f"| onestop, statement | {settle:.1f} | | | |")
    write(f"| onestop, message with full trace | {trace:.1f} | | | |")
    for one in found:
        write(f"| {one['name']} | {one['micros']:.1f} | {differ(ours, one['amounts'])} of {len(cases)} | {one['micros'] / settle:.1f} | {one['micros'] / trace:.1f} |")
    for one in found:
        write(f"\n{one['name']}: {one['note']}")
    lines.insert(mark, f"{control(folder):.0f}/s after.")
    (ROOT / "benches/RESULTS.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
