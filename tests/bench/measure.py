#!/usr/bin/env python3
"""Measures tcpsnap against its peers and ceilings and prints one table. tests/bench/run calls it.

Every work runs once a round, in turn, so that whatever else the machine does falls on all of them; the
table shows medians. All answers are compared: a fast wrong one is no result.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATES = ("established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close",
          "close_wait", "last_ack", "listen", "closing")
# What is scanned, the statement, and how much more than a plain table it may take.
SCANS = (
    ("a filter on state", "SELECT count(*) FROM {} WHERE state = 'CLOSE_WAIT'", "at most 1.3"),
    ("grouped by state", "SELECT state, count(*) FROM {} GROUP BY state", "at most 1.3"),
    ("sums of numbers", "SELECT sum(tx_queue), sum(rx_queue), max(inode) FROM {}", "at most 1.3"),
    ("grouped by two columns",
     "SELECT service_port, direction, count(*) FROM {} GROUP BY 1, 2", "at most 1.3"),
    ("a filter on address text", "SELECT count(*) FROM {} WHERE remote_ip = '10.0.0.1'",
     "at most 2.5"),
    ("all texts made", "SELECT sum(length(taken_at) + length(local_ip) + length(remote_ip)) FROM {}",
     "at most 2.5"),
)
LARGE = {"snapshots": 20000, "sockets": 5000}


@dataclass
class Work:
    """A command; `seconds` holds its wall time in each round, or what it says that it took."""
    command: list
    database: Path = None     # made anew by each run
    one_core: bool = False
    says_seconds: bool = False
    seconds: list = field(default_factory=list)
    output: str = ""
    peak_kib: int = 0

    def run(self):
        if self.database:
            for suffix in ("", "-journal"):
                Path(f"{self.database}{suffix}").unlink(missing_ok=True)
            os.sync()  # nobody pays for the writes of the one before
        command = [str(word) for word in self.command]
        if self.one_core:
            command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
        begin = time.perf_counter()
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                check=False)
        spent = time.perf_counter() - begin
        if result.returncode:
            sys.exit(f"{' '.join(command)}: exit {result.returncode}\n{result.stderr}")
        self.output = result.stdout
        if self.says_seconds:
            spent = float(self.fact("seconds"))
        self.seconds.append(spent)

    def measure_memory(self):
        if self.database:
            self.database.unlink()
        report = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, self.command)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, check=True)
        self.peak_kib = int(report.stderr.split()[-1])

    def fact(self, name):
        return dict(word.split("=") for word in self.output.split())[name]

    def median(self):
        return statistics.median(self.seconds)


def query(database, sql):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def bytes_of_connections(database):
    """Pages of the tables that are derived over time, and of their indexes."""
    return query(database, "SELECT total(pgsize) FROM dbstat WHERE name GLOB 'connection*'"
                 " OR name GLOB 'transition*' OR name = 'turnover'")[0][0]


def answer_of_samples(database, table, states):
    rows, tx, rx, ports = query(
        database, f"SELECT count(*), sum(tx_queue), sum(rx_queue), sum(local_port) FROM {table}")[0]
    return f"rows={rows} tx={tx} rx={rx} ports={ports} states={','.join(map(str, states))}"


def answer_of_import(database):
    states = query(database, f"SELECT {', '.join(f'sum({s})' for s in STATES)} FROM snapshots")[0]
    return answer_of_samples(database, "sockets", states)


def answer_of_awk(database):
    counts = dict(query(database, "SELECT state, count(*) FROM socket GROUP BY state"))
    return answer_of_samples(database, "socket", [counts.get(s.upper(), 0) for s in STATES])


def classes(database, table):
    """What both must tell from the other rows of a dump."""
    return query(database, f"SELECT state, direction, is_local, owner_class, family, count(*) "
                           f"FROM {table} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5")


def totals(database):
    """The rows of the two large tables, each column as a sum that does not overflow."""
    columns = {
        "socket_row": "local remote kind queues timer retries uid inode rto_ato cwnd_ssthresh",
        "census": "kind service_port sockets tx_queue rx_queue retransmitting unowned",
    }
    return [query(database, f"SELECT count(*), "
                            f"{', '.join(f'sum({name} % 1000003)' for name in names.split())} "
                            f"FROM {table}") for table, names in columns.items()]


def comparable(rows):
    """Rows whose cells two programs write differently: 3 and 3.0, hours with and without minutes."""
    def cell(value):
        text = str(value)
        if text[4:5] == "-" and text[10:11] == " ":
            return text[:13]
        try:
            return round(float(text), 6)
        except ValueError:
            return text
    return sorted((tuple(map(cell, row)) for row in rows), key=repr)


def memory(work):
    return f"{work.peak_kib / 1024:.0f} MB"


def compare(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}:\n  {got}\nbut:\n  {wanted}")


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = options.folder.resolve()
        build = options.build.resolve()
        self.programs = build / "tests/bench"
        self.ingest = build / "apps/ingest/tcpsnap-ingest"
        self.query = build / "apps/query/tcpsnap-query"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.rows = []

    def generate(self, capture, **shape):
        arguments = [f"{name}={value}" for name, value in shape.items()]
        with open(capture, "wb") as out:
            subprocess.run([self.programs / "bench_generate", *arguments], stdout=out, check=True)

    def row(self, work, shape, ours, peer, ratio, asked, memory=""):
        self.rows.append((work, shape, ours, peer, ratio, asked, memory))

    def measure_parse(self, capture, what):
        """Returns the answer that the others must give too."""
        works = {
            "wc": Work(["wc", "-l", capture], one_core=True),
            "parse": Work([self.programs / "bench_parse", capture], one_core=True),
        }
        procfs = self.programs / "bench_procfs"
        if procfs.exists():
            split = self.folder / "split"
            shutil.rmtree(split, ignore_errors=True)
            subprocess.run(["mawk", "-v", f"folder={split}", "-f",
                            HERE / "peers/procfs/split.awk", capture], check=True)
            works["procfs"] = Work([procfs, split], one_core=True, says_seconds=True)
        for _ in range(self.options.rounds):
            for work in works.values():
                work.run()
        answer = works["parse"].output.strip()
        samples = int(works["parse"].fact("rows"))
        compare("samples", samples, self.options.snapshots * self.options.sockets)
        # A marker and two headers each.
        compare("wc -l", int(works["wc"].output.split()[0]), samples + 3 * self.options.snapshots)
        if "procfs" in works:
            compare("procfs", works["procfs"].output.rsplit(" ", 1)[0], answer)
        if os.path.exists("/usr/bin/time"):
            for work in works.values():
                work.measure_memory()
        self.report_parse(works, samples, capture.stat().st_size, what)
        return answer

    def report_parse(self, works, samples, size, what):
        def rate(name):
            return samples / works[name].median()

        shape = f"{size / 1e6:.0f} MB, {samples:,} rows {what}"
        if "procfs" in works:
            self.row("parse, one core", shape, f"{rate('parse') / 1e6:.2f} M lines/s",
                     f"prometheus/procfs {rate('procfs') / 1e6:.2f} M lines/s",
                     f"{rate('parse') / rate('procfs'):.1f}", "at least 20",
                     f"{memory(works['parse'])}, peer {memory(works['procfs'])}")
        self.row("parse, one core", shape, f"{size / works['parse'].median() / 1e9:.2f} GB/s",
                 f"`wc -l` {size / works['wc'].median() / 1e9:.2f} GB/s",
                 f"{works['wc'].median() / works['parse'].median():.2f}", "at least 0.5",
                 memory(works["parse"]))

    def measure_capture(self):
        capture = self.folder / "capture.log"
        shape = {"snapshots": self.options.snapshots, "sockets": self.options.sockets}
        self.generate(capture, tcp6=1, **shape)
        self.measure_parse(capture, "of tcp6")
        self.generate(capture, **shape)
        size = capture.stat().st_size
        answer = self.measure_parse(capture, "of both, a fifth of them tcp6")

        works = {
            "import": Work([self.ingest, self.folder / "import.db", capture],
                           database=self.folder / "import.db"),
        }
        for name, *how in (("records", ), ("values", "values")):
            works[name] = Work([self.programs / "bench_insert", capture, self.folder / f"{name}.db",
                                "60", *how], database=self.folder / f"{name}.db",
                               says_seconds=True)
        if shutil.which("mawk") and shutil.which("sqlite3"):
            works["awk"] = Work([HERE / "peers/awk/import", capture, self.folder / "awk.db"],
                                database=self.folder / "awk.db")
        if self.options.duckdb:
            self.install_duckdb()
            peer = self.folder / "peer.duckdb"
            works["duckdb"] = Work(["node", self.scripts / "import.mjs", peer, capture],
                                   database=peer)
        for _ in range(self.options.rounds):
            for work in works.values():
                work.run()

        compare("import", answer_of_import(self.folder / "import.db"), answer)
        for name in ("records", "values"):
            compare(f"bare insert, {name}", totals(self.folder / f"{name}.db"),
                    totals(self.folder / "import.db"))
        if "duckdb" in works:
            [rows] = self.ask_duckdb([
                "SELECT count(*), sum(tx_queue)::BIGINT, sum(rx_queue)::BIGINT,"
                " sum(local_port)::BIGINT FROM sockets"], rounds=1)
            sums = query(self.folder / "import.db", "SELECT count(*), sum(tx_queue),"
                         " sum(rx_queue), sum(local_port) FROM sockets")
            compare("duckdb", [[int(cell) for cell in row] for row in rows["rows"]],
                    [list(row) for row in sums])
        if "awk" in works:
            compare("awk", answer_of_awk(self.folder / "awk.db"), answer)
            compare("awk, classes", classes(self.folder / "awk.db", "socket"),
                    classes(self.folder / "import.db", "sockets"))

        samples = self.options.snapshots * self.options.sockets
        imported = self.folder / "import.db"
        stored = imported.stat().st_size - bytes_of_connections(imported)
        if os.path.exists("/usr/bin/time"):
            for work in works.values():
                work.measure_memory()
        self.report(works, samples, size, stored)
        self.measure_packed(capture, works["import"].median(), size)
        self.measure_views(imported)

    def report(self, works, samples, size, stored):
        shape = (f"{size / 1e6:.0f} MB, {samples:,} rows in {self.options.snapshots:,} snapshots")
        ours = works["import"].median()
        peers = [("values", "bare insert, value by value", "at least 0.85"),
                 ("records", "bare insert, by records", ""),
                 ("duckdb", "DuckDB", "at least 8"),
                 ("awk", "mawk + `sqlite3 .import`", "at least 12")]
        for name, what, asked in peers:
            if name not in works:
                continue
            peer = works[name].median()
            self.row("import", shape, f"{ours:.2f} s, {samples / ours / 1e6:.2f} M rows/s",
                     f"{what} {peer:.2f} s", f"{peer / ours:.{2 if peer < 2 * ours else 1}f}",
                     asked, f"{memory(works['import'])}, peer {memory(works[name])}")
        self.row("size of the database", shape, f"{stored / samples:.1f} bytes a sample, connections apart", "", "",
                 "at most 40")

    def install_duckdb(self):
        self.scripts = self.folder / "duckdb"
        subprocess.run(["npm", "install", "--no-save", "--prefix", self.scripts,
                        "@duckdb/node-api"], check=True, stdout=subprocess.DEVNULL)
        for script in (HERE / "peers/duckdb").glob("*.mjs"):  # where node looks for packages
            shutil.copy(script, self.scripts)

    def ask_duckdb(self, statements, rounds):
        answer = subprocess.run(
            ["node", self.scripts / "adhoc.mjs", self.folder / "peer.duckdb", str(rounds)],
            input=json.dumps(statements), capture_output=True, text=True, check=False)
        if answer.returncode:
            sys.exit(f"adhoc.mjs: exit {answer.returncode}\n{answer.stderr}")
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def measure_packed(self, capture, plain_seconds, size):
        """From what is compressed: the slower of the decompressor and the import of plain text."""
        for name, pack, unpack in (("gz", ["gzip", "-6"], ["gzip", "-dc"]),
                                   ("zst", ["zstd", "-q", "-3"], ["zstd", "-qdc"])):
            if not shutil.which(pack[0]):
                continue
            packed, database = self.folder / f"capture.log.{name}", self.folder / "packed.db"
            with open(packed, "wb") as out:
                subprocess.run([*pack, "-c", capture], stdout=out, check=True)
            alone = Work(["sh", "-c", '"$@" > /dev/null', "sh", *unpack, packed])
            ours = Work([self.ingest, database, packed], database=database)
            for _ in range(self.options.rounds):
                alone.run()
                ours.run()
            if os.path.exists("/usr/bin/time"):
                ours.measure_memory()
            limit = max(alone.median(), plain_seconds)
            self.row(f"import from .{name}", f"{packed.stat().st_size / 1e6:.0f} MB of {size / 1e6:.0f}",
                     f"{ours.median():.2f} s",
                     f"`{' '.join(unpack)}` {alone.median():.2f} s, plain import {plain_seconds:.2f} s",
                     f"{limit / ours.median():.2f}", "the slower of these",
                     f"{ours.peak_kib / 1024:.0f} MB")

    def measure_views(self, imported):
        """The queries that users type first: over the views, over a plain table, in DuckDB."""
        plain = self.folder / "plain.db"
        with sqlite3.connect(plain) as connection:
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("ATTACH ? AS o", (str(imported),))
            connection.execute("CREATE TABLE plain AS SELECT * FROM o.sockets")
        for what, sql, asked in SCANS:
            ours = Work([self.query, "sql", imported, "--quiet", sql.format("sockets")])
            peer = Work(["sqlite3", "-batch", f"file:{plain}?mode=ro", sql.format("plain")])
            for _ in range(self.options.rounds):
                ours.run()
                peer.run()
            self.row("scan of the view", what, f"{ours.median():.2f} s",
                     f"plain table {peer.median():.2f} s", f"{ours.median() / peer.median():.2f}",
                     asked)
        plain.unlink()
        questions = json.loads((HERE / "queries.json").read_text())
        answers = None
        if self.options.duckdb:
            answers = self.ask_duckdb([q["duckdb"] for q in questions], self.options.rounds)
        for place, question in enumerate(questions):
            ours = Work([self.query, "sql", imported, "--quiet", "--format", "csv",
                         question["tcpsnap"]])
            for _ in range(self.options.rounds):
                ours.run()
            if os.path.exists("/usr/bin/time"):
                ours.measure_memory()
            peer = ratio = ""
            if answers:
                rows, theirs = list(csv.reader(ours.output.splitlines()))[1:], answers[place]["rows"]
                if question.get("columns_differ"):
                    compare(question["name"], len(rows), len(theirs))
                else:
                    compare(question["name"], comparable(rows), comparable(theirs))
                seconds = answers[place]["seconds"]
                peer = f"DuckDB, warm, {seconds * 1000:.0f} ms"
                ratio = f"{seconds / ours.median():.2f}"
            self.row(f"query: {question['name']}", "the same database",
                     f"{ours.median() * 1000:.0f} ms", peer, ratio, "",
                     f"{ours.peak_kib / 1024:.0f} MB")

    def measure_small_files(self):
        """A file a snapshot against all of them in one file."""
        capture, folder = self.folder / "small.log", self.folder / "small"
        self.generate(capture, snapshots=self.options.files, sockets=20, interval=10)
        subprocess.run(["mawk", "-v", f"folder={folder}", "-f", HERE / "split_snapshots.awk",
                        capture], check=True)
        one, many = self.folder / "one.db", self.folder / "many.db"
        works = {"one": Work([self.ingest, one, "--host", "web1", capture], database=one),
                 "many": Work([self.ingest, many, "--host", "web1", folder], database=many)}
        for _ in range(min(self.options.rounds, 3)):
            for work in works.values():
                work.run()
        compare("small files", query(many, "SELECT count(*) FROM sockets"),
                query(one, "SELECT count(*) FROM sockets"))
        if os.path.exists("/usr/bin/time"):
            for work in works.values():
                work.measure_memory()
        self.row("import of small files", f"{self.options.files:,} files of 20 sockets",
                 f"{works['many'].median():.2f} s", f"all in one file {works['one'].median():.2f} s",
                 f"{works['one'].median() / works['many'].median():.2f}", "at least 0.5",
                 f"{works['many'].peak_kib / 1024:.0f} MB, one file"
                 f" {works['one'].peak_kib / 1024:.0f} MB")
        shutil.rmtree(folder)
        capture.unlink()

    def measure_following(self):
        """What connections, transitions and turnover cost, at three distances of snapshots."""
        for interval in (3, 10, 60):
            capture = self.folder / f"every{interval}s.log"
            self.generate(capture, snapshots=self.options.snapshots, sockets=self.options.sockets,
                          interval=interval)
            imported, derived = self.folder / "every.db", self.folder / "follow.db"
            works = {
                "import": Work([self.ingest, imported, capture], database=imported),
                "follow": Work([self.programs / "bench_follow", capture, derived, str(interval)],
                               database=derived, says_seconds=True),
            }
            for _ in range(self.options.rounds):
                for work in works.values():
                    work.run()
            for table in ("connection", "transition", "turnover"):
                compare(f"{table} at {interval} s", query(derived, f"SELECT count(*) FROM {table}"),
                        query(imported, f"SELECT count(*) FROM {table}"))
            samples = int(works["follow"].fact("rows"))
            connections = query(imported, "SELECT count(*) FROM connection")[0][0]
            stored = bytes_of_connections(imported)
            self.row(f"following connections, {interval} s apart",
                     f"{samples:,} rows, {connections:,} connections seen twice or more",
                     f"{works['follow'].median():.2f} s",
                     f"whole import {works['import'].median():.2f} s",
                     f"{works['follow'].median() / works['import'].median():.2f}", "at most 0.25",
                     f"{stored / samples:.1f} bytes a sample on disk")
            capture.unlink()

    def import_from_pipe(self, database, snapshots):
        """Rows a second, of a capture too large to lie on the disk as text."""
        database.unlink(missing_ok=True)
        shape = {**LARGE, "snapshots": snapshots}
        with subprocess.Popen(
                [self.programs / "bench_generate", *(f"{n}={v}" for n, v in shape.items())],
                stdout=subprocess.PIPE) as generator:
            begin = time.perf_counter()
            subprocess.run(["/usr/bin/time", "-f", "%M %U %S", "-o", self.folder / "large.time",
                            self.ingest, database, "-"], stdin=generator.stdout, check=True,
                           stderr=subprocess.DEVNULL)
            spent = time.perf_counter() - begin
        samples = snapshots * LARGE["sockets"]
        peak, user, system = (self.folder / "large.time").read_text().split()[-3:]
        self.row("import from a pipe", f"{samples:,} samples in {snapshots:,} snapshots",
                 f"{spent:.1f} s, {samples / spent / 1e6:.2f} M rows/s; "
                 f"{1e9 * (float(user) + float(system)) / samples:.0f} ns of CPU a row",
                 "the generator runs beside it", "", "the same rate", f"{int(peak) / 1024:.0f} MB")

    def measure_large(self):
        database = self.folder / "large.db"
        for snapshots in (LARGE["snapshots"] // 100, LARGE["snapshots"] // 10, LARGE["snapshots"]):
            self.import_from_pipe(database, snapshots)
        samples = LARGE["snapshots"] * LARGE["sockets"]
        shape = f"{samples:,} samples in {LARGE['snapshots']:,} snapshots"
        states = Work([self.query, "report", database, "states", "--bucket", "1h"])
        for _ in range(self.options.rounds):
            states.run()
        states.measure_memory()
        # The same question of the samples themselves, which is also the check.
        begin = time.perf_counter()
        counted = query(database, "SELECT kind & 15, count(*) FROM socket_row GROUP BY 1")
        scan = time.perf_counter() - begin
        summed = query(database, f"SELECT {', '.join(f'sum({s})' for s in STATES)} FROM snapshots")
        compare("states", [dict(counted).get(i, 0) for i in range(1, 12)], list(summed[0]))
        compare("samples", sum(count for _, count in counted), samples)
        self.row("state per hour", shape, f"{states.median() * 1000:.0f} ms",
                 f"one scan of the samples {scan:.1f} s", f"{scan / states.median():.0f}",
                 "under 100 ms", f"{states.peak_kib / 1024:.0f} MB")
        self.row("size of the database", shape,
                 f"{(database.stat().st_size - bytes_of_connections(database)) / samples:.1f}"
                 " bytes a sample, connections apart", "", "", "at most 40")

    def print_table(self):
        print("| work | input | tcpsnap | peer or ceiling | ratio | asked | peak memory |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for row in self.rows:
            print(f"| {' | '.join(row)} |")
        print()
        print("; ".join(versions()) + ".")


def first_line(*command):
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return (result.stdout or result.stderr).splitlines()[0].strip()
    except (OSError, IndexError):
        return None


def versions():
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpus if line.startswith("model name")),
                 platform.machine())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    package = first_line("dpkg-query", "-W", "-f", "${Version}",
                         "golang-github-prometheus-procfs-dev")
    facts = [
        f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GB, "
        f"Linux {platform.release().split('-')[0]}",
        first_line("g++", "--version"),
        f"SQLite {sqlite3.sqlite_version}",
        first_line("wc", "--version"),
        first_line("mawk", "-W", "version"),
        first_line("go", "version"),
        f"procfs {package}" if package else None,
    ]
    return [fact for fact in facts if fact]


def main():
    parser = argparse.ArgumentParser(description="Measures; see README.md beside this file.")
    parser.add_argument("--build", type=Path, required=True, help="folder of a Release build")
    parser.add_argument("--folder", type=Path, required=True,
                        help="scratch, deleted before and after")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--snapshots", type=int, default=500)
    parser.add_argument("--sockets", type=int, default=4000, help="a snapshot")
    parser.add_argument("--files", type=int, default=100_000, help="small files")
    parser.add_argument("--duckdb", action="store_true",
                        help="beside DuckDB: npm installs @duckdb/node-api into the folder")
    parser.add_argument("--large", action="store_true",
                        help="also 100 million samples (5 GB of disk)")
    options = parser.parse_args()
    bench = Bench(options)
    try:
        bench.measure_capture()
        bench.measure_following()
        bench.measure_small_files()
        if options.large:
            bench.measure_large()
        bench.print_table()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
