#!/usr/bin/env python3
"""What a viewer on a slow link sees: record a TCP viewer, count frames, plot several records in one picture.

    bad_network.py record URL OUT.json [--rate KBIT/S] [--seconds N] [--buffer N] [--label TEXT]
    bad_network.py show RECORD.json[@BUFFER] ...
    bad_network.py plot OUT.svg RECORD.json[@BUFFER] ...

`record` plays the movie over interleaved TCP and takes no more than RATE from the connection, whose receive buffer
is small, as a link of that rate does. A player is modelled that starts BUFFER seconds after the first packet and
shows each frame when it is due: it shows one only if all of it has come by then and nothing that it refers to is
missing. A gap in the sequence numbers therefore costs all frames up to the next key frame; `@SECONDS` behind a record's
name asks what a player with that buffer had shown. Works with any server of
hinted MPEG-4 or H.264; needs Python 3.8, and matplotlib for `plot`.
"""
import argparse
import json
import re
import socket
import sys
import time
from urllib.parse import urlparse

TICK = 0.01
RECEIVE_BUFFER = 8192


class Viewer:
    """An RTSP client that reads from its connection at a limited rate."""

    def __init__(self, url, rate):
        self.url, self.budget, self.rate, self.at = url, 0.0, rate * 1000 / 8, time.monotonic()
        where = urlparse(url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.connect((where.hostname, where.port or 554))
        self.data, self.cseq, self.session = b"", 0, None

    def receive(self, until=None):
        """Some more bytes, as the link lets them through; False at the end."""
        while True:
            if until and time.monotonic() > until:
                return False
            time.sleep(TICK)
            spent = time.monotonic() - self.at
            self.at += spent
            self.budget = min(self.budget + spent * self.rate, 0.25 * self.rate)
            try:
                chunk = self.socket.recv(int(self.budget), socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            self.budget -= len(chunk)
            self.data += chunk
            return bool(chunk)

    def ask(self, method, url, *headers):
        """Sends a request; the answer's head and body."""
        self.cseq += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.cseq}", *headers]
        if self.session:
            lines.append(f"Session: {self.session}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.data:
            if not self.receive():
                sys.exit(f"{method}: connection closed")
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        head = head.decode("latin-1")
        if " 200 " not in head.split("\n")[0]:
            sys.exit(f"{method}: {head}")
        length = int(header(head, "content-length") or 0)
        while len(self.data) < length:
            self.receive()
        body, self.data = self.data[:length], self.data[length:]
        return head, body.decode("latin-1")

    def frames(self, until):
        """Interleaved frames with their arrival, until that time or the end."""
        while True:
            while len(self.data) >= 4:
                if self.data[0] != 0x24:
                    sys.exit("no interleaved frame")
                length = 4 + int.from_bytes(self.data[2:4], "big")
                if len(self.data) < length:
                    break
                yield time.monotonic(), self.data[1], self.data[4:length]
                self.data = self.data[length:]
            if not self.receive(until):
                return


def header(head, name):
    found = re.search(rf"^{name}:\s*(.*?)\s*$", head, re.M | re.I)
    return found and found[1]


def tracks(sdp):
    """Kind, clock and control of each media section."""
    found = []
    for part in re.split(r"^m=", sdp, flags=re.M)[1:]:
        clock = re.search(r"a=rtpmap:\d+ [^/]+/(\d+)", part)
        control = re.search(r"a=control:(\S+)", part)
        codec = re.search(r"a=rtpmap:\d+ ([^/]+)", part)
        found.append((part.split()[0], codec[1].upper(), int(clock[1]), control[1]))
    return found


def is_key(codec, payload):
    """Whether a packet begins a frame that needs no other."""
    if codec == "H264":
        kind = payload[0] & 31
        if kind == 28:
            return payload[1] & 0x80 and payload[1] & 31 in (5, 7)
        return kind in (5, 7)
    at = payload.find(b"\0\0\1\xb6")
    return at >= 0 and at + 4 < len(payload) and payload[at + 4] >> 6 == 0


def record(args):
    viewer = Viewer(args.url, args.rate)
    _, sdp = viewer.ask("DESCRIBE", args.url, "Accept: application/sdp")
    channels = {}
    for kind, codec, clock, control in tracks(sdp):
        head, _ = viewer.ask("SETUP", f"{args.url}/{control}", "Transport: RTP/AVP/TCP;unicast")
        viewer.session = viewer.session or header(head, "session").split(";")[0]
        channel = int(re.search(r"interleaved=(\d+)", head)[1])
        channels[channel] = dict(kind=kind, codec=codec, clock=clock, packets=[])
    viewer.ask("PLAY", args.url, "Range: npt=0-")
    begin, taken = None, 0
    for at, channel, packet in viewer.frames(time.monotonic() + args.seconds):
        taken += len(packet) + 4
        if channel not in channels or len(packet) < 12:
            continue
        begin = begin or at
        track = channels[channel]
        number, stamp = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[4:8], "big")
        key = bool(is_key(track["codec"], packet[12:])) if track["kind"] == "video" else False
        track["packets"].append((round(at - begin, 4), number, stamp, packet[1] >> 7, key))
    result = dict(label=args.label or args.url, rate=args.rate, buffer=args.buffer, bytes=taken,
                  tracks=list(channels.values()))
    with open(args.out, "w", encoding="utf-8") as out:
        json.dump(result, out)
    show_one(result)


def analyse(result):
    """Frames shown per second of play, and what went wrong."""
    told = {}
    for track in result["tracks"]:
        packets, clock = track["packets"], track["clock"]
        if not packets:
            continue
        gaps, late, frames, last, first = 0, 0, {}, None, packets[0][2]
        broken, order = set(), []
        for at, number, stamp, _marker, key in packets:
            media = ((stamp - first + 2**31) % 2**32 - 2**31) / clock
            gap = last is not None and (number - last) % 65536 != 1
            gaps += ((number - last - 1) % 65536) if gap else 0
            last = number
            if media not in frames:
                frames[media] = [at, key]
                order.append(media)
            frames[media][0] = at
            frames[media][1] = frames[media][1] or key
            if gap:
                broken.add(media)
                if len(order) > 1:
                    broken.add(order[-2])  # its end may be what is missing
        seconds, refers, whole = {}, True, 0
        for media in order:
            at, key = frames[media]
            refers = media not in broken if key or media in broken else refers
            in_time = at <= media + result["buffer"]
            late += not in_time
            whole += in_time and media not in broken
            if in_time and refers:
                seconds[int(media)] = seconds.get(int(media), 0) + 1
        worst = max(at - media for media, (at, _) in frames.items())
        ordered = sorted(frames)
        told[track["kind"]] = dict(gaps=gaps, late=late, shown=seconds, frames=len(frames), whole=whole, worst=worst,
                                   pause=max((b - a for a, b in zip(ordered, ordered[1:])), default=0.0))
    return told


def show_one(result):
    print(f"{result['label']}: {result['rate']} kbit/s, {result['bytes']} bytes")
    for kind, told in analyse(result).items():
        print(f"  {kind}: {told['frames']} frames came, {told['whole']} whole and in time, {told['late']} too late, {told['gaps']} packets missing, "
              f"latest {told['worst']:.2f} s after its time, longest step {told['pause']:.2f} s")
        last = max(told["shown"], default=0)
        print("   shown per second: " + " ".join(str(told["shown"].get(s, 0)) for s in range(last + 1)))


def load(name):
    """A record, seen by a player with another buffer if the name ends in @SECONDS."""
    path, _, buffer = name.partition("@")
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    if buffer:
        result["buffer"] = float(buffer)
        result["label"] += f", {buffer} s buffered"
    return result


def show(args):
    for name in args.records:
        show_one(load(name))


def plot(args):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as pyplot
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "bad_network"
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    for name in args.records:
        result = load(name)
        shown = analyse(result)["video"]["shown"]
        seconds = range(args.seconds)
        axes.step(seconds, [shown.get(s, 0) for s in seconds], where="post", label=result["label"], linewidth=1.3)
    axes.set(xlabel="second of the movie", ylabel="frames shown", xlim=(0, args.seconds), ylim=(0, None), title=args.title)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.4)  # room for the legend
    axes.legend(loc="upper right", fontsize="small")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(args.out, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("record")
    command.add_argument("url")
    command.add_argument("out")
    command.add_argument("--rate", type=float, default=200, help="the link, kbit/s")
    command.add_argument("--seconds", type=float, default=70)
    command.add_argument("--buffer", type=float, default=3, help="what the player waits before it shows the first frame, s")
    command.add_argument("--label")
    command.set_defaults(run=record)
    command = commands.add_parser("show")
    command.add_argument("records", nargs="+")
    command.set_defaults(run=show)
    command = commands.add_parser("plot")
    command.add_argument("out")
    command.add_argument("records", nargs="+")
    command.add_argument("--seconds", type=int, default=70)
    command.add_argument("--title", default="")
    command.set_defaults(run=plot)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
