"""Viewers who come and go: a thousand at once, and a hundred thousand short visits."""
import json
import os
import subprocess
import time

from . import lab


def run(tool, running, movie, options, folder, patience):
    """Lets the load tool play with `options`; gives its report."""
    path = os.path.join(folder, "load.json")
    if os.path.exists(path):
        os.remove(path)
    command = [tool, "-u", f"rtsp://{running.address}:{running.port}/{movie}", "--no-permission-check", "--progress",
               "none", "--json", path, "--port-base", "20000", *options]
    for pid in running.pids():
        command += ["--server-pid", str(pid)]
    with open(os.path.join(folder, "load.output"), "wb") as output:
        viewers = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, preexec_fn=lab.raise_limits)
        try:
            viewers.wait(patience)
        except subprocess.TimeoutExpired as error:
            raise lab.Trouble(f"StreamingLoadTool does not end; see {folder}/load.output") from error
        finally:
            lab.end(viewers, 1)
    try:
        with open(path) as text:
            return json.load(text)
    except (OSError, ValueError) as error:
        raise lab.Trouble(f"StreamingLoadTool left no report ({error}); see {folder}/load.output") from error


def storm(tool, running, movie, transport, viewers, folder):
    """All viewers at once: how long each waits from PLAY to its first packet."""
    report = run(tool, running, movie, ["-t", transport, "-n", str(viewers), "--ramp", "0", "--duration", "12"], folder,
                 120)
    startup, sessions = report["startup_ms"], report["sessions"]
    return {"what": "storm", "transport": transport, "viewers": viewers, "healthy": sessions["healthy"],
            "refused": sessions["refused"], "failed": sessions["failed"], "setup_max_ms": report["setup_ms"]["max"],
            "startup_p50_ms": startup["p50"], "startup_p99_ms": startup["p99"], "startup_max_ms": startup["max"]}


def churn(tool, running, movie, transport, visits, folder):
    """Short visits: what of the server's memory is left taken afterwards, and whether the tool's own stays."""
    options = ["-t", transport, "-n", "300", "--ramp", "0", "--stay", "exp:0.3", "--rejoin", "0..0.1"]
    # what is made once (threads, caches, pools) shall not count
    run(tool, running, movie, [*options, "--sessions", "3000"], folder, 300)
    time.sleep(30)
    _, before = lab.usage(running.pids())
    begun = time.monotonic()
    report = run(tool, running, movie, [*options, "--sessions", str(visits)], folder, 60 + visits / 50)
    seconds = time.monotonic() - begun
    time.sleep(30)  # the last of them are forgotten, and memory goes back in several goes
    _, after = lab.usage(running.pids())
    samples = [s["tool_rss"] for s in report["samples"] if s.get("tool_rss")]
    return {"what": "churn", "transport": transport, "visits": visits, "seconds": seconds,
            "ended": report["sessions"]["ended"], "refused": report["sessions"]["refused"],
            "failed": report["sessions"]["failed"], "startup_p99_ms": report["startup_ms"]["p99"],
            "server_rss_before": before, "server_rss_after": after, "growth_percent": (after / before - 1) * 100,
            "tool_rss_first": samples[len(samples) // 10] if samples else 0, "tool_rss_last": samples[-1] if samples else 0}


def line(server, r):
    if r["what"] == "storm":
        return (f"{server}, {r['transport']}: {r['viewers']} at once: {r['healthy']} healthy, PLAY to packet p50 "
                f"{r['startup_p50_ms']:.1f}, p99 {r['startup_p99_ms']:.1f}, max {r['startup_max_ms']:.1f} ms; all asked "
                f"for PLAY within {r['setup_max_ms']:.0f} ms")
    mib = 1 << 20
    return (f"{server}, {r['transport']}: {r['visits']:,} visits in {r['seconds']:.0f} s: {r['ended']:,} as planned, memory "
            f"{r['server_rss_before'] / mib:.1f} MiB before, {r['server_rss_after'] / mib:.1f} after "
            f"({r['growth_percent']:+.1f} %); the tool's {r['tool_rss_first'] / mib:.1f} and {r['tool_rss_last'] / mib:.1f}")
