"""Servers, viewers and the machine: what is started, watched and stopped for one measurement."""
import json
import os
import resource
import shlex
import signal
import socket
import subprocess
import time

CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

# Both servers read this. Limits are out of the way, logs go to the run's folder, TCP viewers are sent to in real time
# unless asked otherwise, so that seconds can be compared with seconds.
CONFIG = """<?xml version="1.0"?>
<CONFIGURATION>
	<SERVER>
		<LIST-PREF NAME="rtsp_port" TYPE="UInt16" >
			<VALUE>{port}</VALUE>
		</LIST-PREF>
		<PREF NAME="bind_ip_addr" >{address}</PREF>
		<PREF NAME="movie_folder" >{movies}</PREF>
		<PREF NAME="module_folder" >{run}/modules</PREF>
		<PREF NAME="pid_file" >{run}/server.pid</PREF>
		<PREF NAME="error_logfile_dir" >{run}/logs</PREF>
		<PREF NAME="run_user_name" ></PREF>
		<PREF NAME="run_group_name" ></PREF>
		<PREF NAME="maximum_connections" TYPE="SInt32" >{connections}</PREF>
		<PREF NAME="maximum_bandwidth" TYPE="SInt32" >{bandwidth}</PREF>
		<PREF NAME="overbuffer_rate" TYPE="Float32" >{overbuffer}</PREF>
	</SERVER>
	<MODULE NAME="QTSSAccessLogModule" >
		<PREF NAME="request_logfile_dir" >{run}/logs</PREF>
	</MODULE>
	<MODULE NAME="QTSSAccessModule" >
		<PREF NAME="modAccess_usersfilepath" >{run}/qtusers</PREF>
		<PREF NAME="modAccess_groupsfilepath" >{run}/qtgroups</PREF>
	</MODULE>
	<MODULE NAME="QTSSMP3StreamingModule" >
		<PREF NAME="mp3_request_logfile_dir" >{run}/logs</PREF>
	</MODULE>
	<MODULE NAME="QTSSRelayModule" >
		<PREF NAME="relay_prefs_file" >{run}/relayconfig.xml</PREF>
	</MODULE>
</CONFIGURATION>
"""


class Trouble(Exception):
    """A measurement that could not be made, and why."""


class Server:
    """A server under test: how it is called, started and configured.

    `command` is a line with {binary}, {config}, {port}, {address}, {movies}, {movie} and {run}; `config` a template
    with the same fields, or None for a server that reads none.
    """

    def __init__(self, name, binary, command, config=CONFIG):
        self.name, self.binary, self.command, self.config = name, os.path.abspath(binary), command, config


def fill(template, fields):
    for name, value in fields.items():
        template = template.replace("{" + name + "}", str(value))
    return template


def children(pid):
    """`pid` and all that descend from it, as far as they live."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as text:
                    found.extend(int(child) for child in text.read().split())
        except OSError:
            pass
    return found


def usage(pids):
    """CPU seconds and resident bytes of processes; those that are gone count for nothing."""
    cpu, resident = 0.0, 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as text:
                fields = text.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{pid}/statm") as text:
                resident += int(text.read().split()[1]) * PAGE
        except (OSError, IndexError):
            continue
        cpu += (int(fields[11]) + int(fields[12])) / CLOCK
    return cpu, resident


def machine_time():
    """Seconds all cores together were busy, stolen by the host, and there were in all."""
    with open("/proc/stat") as text:
        times = [int(field) / CLOCK for field in text.readline().split()[1:9]]
    idle = times[3] + times[4]
    return sum(times) - idle - times[7], times[7], sum(times)


def raise_limits():
    """In the child before it becomes the server: as many descriptors as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 200_000 if hard == resource.RLIM_INFINITY or hard >= 200_000 else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


class Running:
    """A server that was started; leaves nothing behind when it is closed."""

    def __init__(self, server, folder, port, address, movies, movie, settings):
        self.server, self.folder, self.port, self.address = server, folder, port, address
        os.makedirs(os.path.join(folder, "logs"), exist_ok=True)
        os.makedirs(os.path.join(folder, "modules"), exist_ok=True)
        with open(os.path.join(folder, "qtusers"), "w") as text:
            text.write("realm Streaming Server\n")
        with open(os.path.join(folder, "qtgroups"), "w") as text:
            text.write("admin: admin\n")
        config = os.path.join(folder, "streamingserver.xml")
        fields = dict(settings, binary=server.binary, config=config, port=port, address=address, movies=movies,
                      movie=os.path.join(movies, movie), run=folder)
        if server.config is not None:
            with open(config, "w") as text:
                text.write(fill(server.config, fields))
        command = [fill(word, fields) for word in shlex.split(server.command)]
        self.output = open(os.path.join(folder, "output"), "wb")
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=raise_limits)
        try:
            self.wait_for_port()
        except Trouble:
            self.close()
            raise

    def wait_for_port(self, patience=15):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Trouble(f"{self.server.name} ended at once, code {self.process.returncode}; "
                              f"see {self.folder}/output")
            try:
                socket.create_connection((self.address, self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Trouble(f"{self.server.name} does not listen on {self.address}:{self.port}; see {self.folder}/output")

    def alive(self):
        return self.process.poll() is None

    def pids(self):
        return children(self.process.pid)

    def close(self):
        end(self.process, 8)
        self.output.close()


def end(process, patience):
    """Asks a process that we started to end, then makes it and its group."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)  # its own group: we made it a session of its own
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def play(tool, running, movie, step, folder, extra):
    """Lets StreamingLoadTool play `step` against a running server; gives its report and samples of the machine."""
    report = os.path.join(folder, "load.json")
    if os.path.exists(report):
        os.remove(report)
    total = step.total_seconds()
    command = [tool, "-u", f"rtsp://{running.address}:{running.port}/{movie}", "-t", step.transport,
               "-n", str(step.sessions), "--ramp", str(step.ramp), "--duration", str(total), "--loop",
               "--no-permission-check", "--progress", "none", "--json", report, "--port-base", "20000", *extra]
    for pid in running.pids():
        command += ["--server-pid", str(pid)]
    begun = time.monotonic()
    samples = []
    with open(os.path.join(folder, "load.output"), "wb") as output:
        viewers = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, preexec_fn=raise_limits)
        try:
            while viewers.poll() is None:
                now = time.monotonic() - begun
                if now > total + 60:
                    raise Trouble("StreamingLoadTool does not end")
                samples.append((now, *usage(running.pids()), *machine_time()))
                time.sleep(0.5)
        finally:
            end(viewers, 1)
    try:
        with open(report) as text:
            return json.load(text), samples
    except (OSError, ValueError) as error:
        raise Trouble(f"StreamingLoadTool left no report ({error}); see {folder}/load.output") from error


def describe_machine():
    """One line about the machine for the report."""
    def field(path, key):
        try:
            with open(path) as text:
                return next(line.split(":", 1)[1].strip() for line in text if line.startswith(key))
        except (OSError, StopIteration):
            return "?"
    memory = field("/proc/meminfo", "MemTotal").split()[0]
    memory = f"{int(memory) // 1048576} GiB" if memory.isdigit() else "?"
    return f"{os.cpu_count()} cores, {field('/proc/cpuinfo', 'model name')}, {memory}, Linux {os.uname().release}"
