"""Results: from a run's report to one line of figures, from many of them to tables, ratios and graphs."""
import csv
import datetime
import json
import os
import statistics

from . import graph, lab, movies

MIB = 1 << 20


def result(step, played, samples, idle_rss, alive):
    """The figures of one measurement. `played` is StreamingLoadTool's JSON, `samples` what the script saw meanwhile."""
    begin, end = step.window()
    inside = [s for s in played["samples"] if begin <= s["seconds"] <= end + 0.5]
    watched = [s for s in samples if begin <= s[0] <= end + 0.5]
    figures = {"key": step.key(), "time": datetime.datetime.now().isoformat(timespec="seconds"),
               "machine": lab.describe_machine(), "alive": alive}
    if len(inside) < 2 or len(watched) < 2:
        return dict(figures, trouble="too short to measure")
    first, last = inside[0], inside[-1]
    seconds = last["seconds"] - first["seconds"]
    packets = last["packets"] - first["packets"]
    server, tool = last["server_cpu"] - first["server_cpu"], last["tool_cpu"] - first["tool_cpu"]
    rss = max(s[2] for s in watched)
    machine = watched[-1][5] - watched[0][5]
    startup, lateness, sessions = played["startup_ms"], played["lateness_ms"], played["sessions"]
    figures.update(
        seconds=seconds,
        playing=min(s["playing"] for s in inside),
        packets_per_second=packets / seconds,
        megabits_per_second=(last["bytes"] - first["bytes"]) * 8 / 1e6 / seconds,
        packet_bytes=(last["bytes"] - first["bytes"]) / max(packets, 1),
        server_cpu_percent=server * 100 / seconds,
        server_us_per_packet=server * 1e6 / max(packets, 1),
        tool_cpu_percent=tool * 100 / seconds,
        tool_us_per_packet=tool * 1e6 / max(packets, 1),
        server_rss=rss,
        idle_rss=idle_rss,
        kib_per_session=(rss - idle_rss) / 1024 / step.sessions,
        machine_busy_percent=(watched[-1][3] - watched[0][3]) * 100 / max(machine, 1e-9),
        machine_steal_percent=(watched[-1][4] - watched[0][4]) * 100 / max(machine, 1e-9),
        lost_in_window=last["lost"] - first["lost"],
        startup_p50_ms=startup["p50"], startup_p99_ms=startup["p99"], startup_max_ms=startup["max"],
        lateness_p50_ms=lateness["p50"], lateness_p99_ms=lateness["p99"], lateness_p999_ms=lateness["p999"],
        begun=sessions["begun"], played=sessions["played"], healthy=sessions["healthy"],
        refused=sessions["refused"], failed=sessions["failed"], reasons=played["reasons"],
        lost=played["packets"]["lost"], loss_percent=played["loss_percent"], stalls=played["stalls"],
        delivered_percent=played["delivered_percent"], dropped_here=played["packets"]["dropped_here"],
    )
    return figures


def failure(step, why):
    return {"key": step.key(), "time": datetime.datetime.now().isoformat(timespec="seconds"),
            "machine": lab.describe_machine(), "trouble": why}


def line(r):
    """For the screen, as soon as it is known."""
    server, transport, movie, sessions, number = r["key"]
    head = f"{server:<12} {transport} {movie:<9} {sessions:>6} viewers"
    if "trouble" in r:
        return f"{head}: {r['trouble']}"
    text = (f"{head}: {r['server_us_per_packet']:5.2f} us/packet, CPU {r['server_cpu_percent']:5.1f} % "
            f"(tool {r['tool_cpu_percent']:.0f} %), {r['megabits_per_second']:.1f} Mbit/s, "
            f"{r['server_rss'] / MIB:.0f} MiB, startup p99 {r['startup_p99_ms']:.1f} ms, "
            f"late p99.9 {r['lateness_p999_ms']:.1f} ms, healthy {r['healthy']}/{sessions}")
    if r["dropped_here"]:
        text += f", {r['dropped_here']} DROPPED BY THE TOOL"
    if not r["alive"]:
        text += ", SERVER DIED"
    return text


def read(path):
    try:
        with open(path) as text:
            return [json.loads(row) for row in text if row.strip()]
    except FileNotFoundError:
        return []


class Results:
    """All results, by what was measured."""

    def __init__(self, results):
        self.rows = {}
        for r in results:
            server, transport, movie, sessions, number = r["key"]
            self.rows.setdefault((transport, movie, sessions), {}).setdefault(server, {})[number] = r
        found = {r["key"][0] for r in results}
        self.servers = sorted(found, key=lambda name: ({"ours": 0, "bare sender": 2}.get(name, 1), name))
        self.results = results

    def values(self, what, server, name):
        rounds = self.rows.get(what, {}).get(server, {})
        return [r[name] for r in rounds.values() if name in r]

    def median(self, what, server, name):
        values = self.values(what, server, name)
        return statistics.median(values) if values else None

    def ratio(self, what, name, server):
        """Median of ours over theirs, of the rounds that have both."""
        rounds = self.rows.get(what, {})
        ours, theirs = rounds.get("ours", {}), rounds.get(server, {})
        pairs = [ours[n][name] / theirs[n][name] for n in ours
                 if n in theirs and name in ours[n] and theirs[n].get(name)]
        return statistics.median(pairs) if pairs else None


def cell(value, form):
    return "" if value is None else form.format(value)


COLUMNS = [
    ("Healthy", "healthy", "{:,.0f}"),
    ("Mbit/s", "megabits_per_second", "{:,.1f}"),
    ("Packets/s", "packets_per_second", "{:,.0f}"),
    ("Server CPU", "server_cpu_percent", "{:.0f} %"),
    ("per packet", "server_us_per_packet", "{:.2f} us"),
    ("Memory", "server_mib", "{:.0f} MiB"),
    ("per viewer", "kib_per_session", "{:.1f} KiB"),
    ("PLAY to packet, p99", "startup_p99_ms", "{:.1f} ms"),
    ("Late, p99.9", "lateness_p999_ms", "{:.1f} ms"),
    ("Tool CPU", "tool_cpu_percent", "{:.0f} %"),
]


def table(results):
    """Markdown: a table per transport, a row per step and server, ratios at the end of our rows."""
    for r in results.results:
        if "server_rss" in r:
            r["server_mib"] = r["server_rss"] / MIB
    others = [name for name in results.servers if name != "ours"]
    out = []
    for transport in sorted({what[0] for what in results.rows}, reverse=True):
        heads = ["Viewers", "Movie", "Server"] + [name for name, _, _ in COLUMNS] + [f"ours / {o}" for o in others]
        out += [f"**{transport.upper()}**", "", "| " + " | ".join(heads) + " |",
                "| ---: | --- | --- |" + " ---: |" * (len(COLUMNS) + len(others))]
        for what in sorted((w for w in results.rows if w[0] == transport), key=lambda w: (w[2], w[1])):
            for server in [s for s in results.servers if s in results.rows[what]]:
                cells = [f"{what[2]:,}", what[1], server]
                cells += [cell(results.median(what, server, name), form) for _, name, form in COLUMNS]
                if server == "ours":
                    ratios = [results.ratio(what, "server_us_per_packet", other) for other in others]
                    cells += [cell(ratio, "{:.2f}") for ratio in ratios]
                else:
                    cells += [""] * len(others)
                troubles = [r["trouble"] for r in results.rows[what][server].values() if "trouble" in r]
                if troubles:
                    cells[3] = troubles[0]
                out.append("| " + " | ".join(cells) + " |")
        out.append("")
    return "\n".join(out)


GRAPHS = [
    ("cost", "Server CPU time per packet", "us", "server_us_per_packet"),
    ("cpu", "Server CPU", "% of one core", "server_cpu_percent"),
    ("memory", "Server memory", "MiB", "server_mib"),
    ("startup", "PLAY to first packet, 99th percentile", "ms", "startup_p99_ms"),
    ("lateness", "Packets' lateness at the viewer, 99.9th percentile", "ms", "lateness_p999_ms"),
]


def graphs(results, folder, prefix):
    """Writes one SVG per figure; gives their names and titles."""
    made = []
    for name, title, unit, field in GRAPHS:
        lines = {}
        played = sorted({what[1] for what in results.rows}, key=lambda movie: (movie != "300k", movie))
        sent = sorted({what[0] for what in results.rows}, reverse=True)
        for colour, server in enumerate(results.servers):
            for movie in played:
                for transport in sent:
                    points = {}
                    for sessions in [w[2] for w in results.rows if w[:2] == (transport, movie)]:
                        values = results.values((transport, movie, sessions), server, field)
                        if values:
                            points[sessions] = (statistics.median(values), min(values), max(values))
                    if points:
                        label = f"{server}, {transport}" + ("" if movie == "300k" else f", {movie}")
                        lines[label] = (colour, sent.index(transport), played.index(movie), points)
        if lines:
            file = f"{prefix}-{name}.svg"
            with open(os.path.join(folder, file), "w") as text:
                text.write(graph.draw(title, unit, lines))
            made.append((file, title))
    return made


def write_csv(results, path):
    names = sorted({name for r in results for name in r} - {"key", "reasons"})
    with open(path, "w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["server", "transport", "movie", "viewers", "round"] + names)
        for r in results:
            rows.writerow(list(r["key"]) + [r.get(name, "") for name in names])


def method(results):
    times = sorted(r["time"] for r in results.results)
    rounds = max(len(by_round) for row in results.rows.values() for by_round in row.values())
    seconds = [r["seconds"] for r in results.results if "seconds" in r]
    steal = [r["machine_steal_percent"] for r in results.results if "machine_steal_percent" in r]
    played = sorted({what[1] for what in results.rows})
    text = [f"Measured from {times[0].replace('T', ' ')} to {times[-1][11:]} on {results.results[-1]['machine']}; "
            f"server and load tool share these cores. Median of {rounds} round{'s' * (rounds > 1)}"
            + (f" of {statistics.median(seconds):.0f} s" if seconds else "") + "; CPU is in percent of one core."]
    if steal and max(steal) >= 1:
        text.append(f"The host took up to {max(steal):.0f} % of the machine's time away meanwhile.")
    dropped = [r for r in results.results if r.get("dropped_here")]
    if dropped:
        text.append(f"In {len(dropped)} of {len(results.results)} measurements the load tool's own sockets were full, at "
                    f"{min(r['key'][3] for r in dropped):,} viewers and more: there the machine had no time left.")
    died = sorted({(r["key"][0], r["key"][3]) for r in results.results if not r.get("alive", True)})
    text += [f"{server} ended during the measurement of {sessions:,} viewers." for server, sessions in died]
    for movie in played:
        bytes_each = [r["packet_bytes"] for r in results.results if r["key"][2] == movie and "packet_bytes" in r]
        if bytes_each:
            text.append(f"Movie {movie}: {movies.ABOUT.get(movie, '')}; packets of {statistics.median(bytes_each):.0f} "
                        "bytes on average.")
    return " ".join(text)


def put_between(document, mark, text):
    """Replaces what stands between `<!-- compare:MARK -->` and `<!-- compare:end -->` in a Markdown file."""
    begin, end = f"<!-- compare:{mark} -->", "<!-- compare:end -->"
    with open(document) as file:
        whole = file.read()
    if begin not in whole or end not in whole.split(begin, 1)[1]:
        print(f"compare: {document} has no {begin} … {end}")
        return 1
    before, rest = whole.split(begin, 1)
    after = rest.split(end, 1)[1]
    with open(document, "w") as file:
        file.write(f"{before}{begin}\n\n{text}\n{end}{after}")
    return 0


def write(all_results, out, images, document, mark):
    """Tables, graphs and CSV of all results there are."""
    if not all_results:
        print("compare: no results yet")
        return 1
    results = Results(all_results)
    os.makedirs(images, exist_ok=True)
    tables = table(results)
    made = graphs(results, images, mark)
    write_csv(all_results, os.path.join(out, "results.csv"))

    def page(folder):
        path = os.path.relpath(images, folder)
        return "\n".join([method(results), "", tables, *(f"![{title}]({path}/{file})" for file, title in made), ""])

    with open(os.path.join(out, "report.md"), "w") as text:
        text.write(page(out))
    print()
    print(tables)
    print(f"{out}/report.md, {out}/results.csv, graphs in {images}")
    return put_between(document, mark, page(os.path.dirname(os.path.abspath(document)))) if document else 0
