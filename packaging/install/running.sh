# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # variables are shared with Install, which reads this file
# Servers that run while Install does its work: found, stopped, started the same way, and put back.

# ---- running servers ---------------------------------------------------------------------------------------------

# running: the ids of the processes that run the installed server, be its file replaced since or not.
running() {
    path=$sbin/$server
    file_id=$(stat -L -c %d:%i "$path" 2>/dev/null || true)
    for process in /proc/[0-9]*; do
        link=$(readlink "$process/exe" 2>/dev/null) || continue
        case $link in "$path" | "$path (deleted)") ;; *) continue ;; esac
        # A container's server can have the same path, in another file system.
        if [ "$link" = "$path" ]; then
            [ "$(stat -L -c %d:%i "$process/exe" 2>/dev/null)" = "$file_id" ] || continue
        else
            [ "$(readlink "$process/ns/mnt")" = "$(readlink /proc/$$/ns/mnt)" ] || continue
            [ "$(stat -L -c %d:%i "$process/root")" = "$(stat -L -c %d:%i /)" ] || continue
        fi
        say "${process#/proc/}"
    done
}

# alive PID: whether the process exists and is no zombie.
alive() { grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }

systemd_runs() { [ -d /run/systemd/system ] && have systemctl; }

# unit_of PID: the systemd service whose main process it is.
unit_of() {
    systemd_runs || return 0
    unit=$(sed -n 's|.*/\([^/]*\.service\)$|\1|p' "/proc/$1/cgroup" 2>/dev/null | head -n 1)
    [ -n "$unit" ] || return 0
    [ "$(systemctl show --property MainPID "$unit" 2>/dev/null)" != "MainPID=$1" ] || say "$unit"
}

# Notes how each server was started (a watchdog and its server are one), so that it can be started like that again.
remember_running() {
    instances=0
    all=" $(running | tr '\n' ' ')"
    for pid in $all; do
        parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null) || continue
        case $all in *" $parent "*) continue ;; esac
        instances=$((instances + 1))
        mkdir "$state/$instances"
        # An argument a line, the program first.
        tr '\0' '\n' <"/proc/$pid/cmdline" >"$state/$instances/arguments" ||
            echo "$server" >"$state/$instances/arguments"
        readlink "/proc/$pid/cwd" >"$state/$instances/folder" || echo / >"$state/$instances/folder"
        unit_of "$pid" >"$state/$instances/unit"
    done
}

# Stops the servers in order; who does not end in time is killed.
stop_running() {
    say "Checking for and stopping currently running Darwin Streaming Server"
    for number in $(numbers "$instances"); do
        unit=$(cat "$state/$number/unit")
        if [ -n "$unit" ]; then systemctl stop "$unit" || true; fi
    done
    stopping=$(running)
    [ -n "$stopping" ] || return 0
    for pid in $stopping; do kill -TERM "$pid" 2>/dev/null || true; done
    tenths=$((stop_seconds * 10))
    while [ "$tenths" -gt 0 ] && any_alive "$stopping"; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
    for pid in $(running); do
        say "process $pid does not stop and is killed"
        kill -KILL "$pid" 2>/dev/null || true
    done
}

any_alive() {
    for pid in $1; do if alive "$pid"; then return 0; fi; done
    return 1
}

# numbers COUNT: 1 to COUNT.
numbers() { awk -v count="$1" 'BEGIN { for (i = 1; i <= count; i++) print i }'; }

# start_server NUMBER: as it was started before. The classic way it goes to the background by itself.
start_server() {
    unit=$(cat "$state/$1/unit")
    if [ -n "$unit" ]; then
        systemctl daemon-reload || true
        systemctl start --no-block "$unit"
        return
    fi
    said=$state/$1/said launched=$state/$1/launched
    if in_foreground "$1"; then said=/dev/null; fi # it prints as long as it runs
    rm -f "$launched"
    # shellcheck disable=SC2094 # the name is compared, not read
    (
        folder=$(cat "$state/$1/folder")
        CDPATH='' cd -- "$folder" 2>/dev/null || CDPATH='' cd /
        arguments=$state/$1/arguments
        set --
        while IFS= read -r argument; do set -- "$@" "$argument"; done <"$arguments"
        shift # its path may have been relative
        trap - HUP INT TERM
        apart=
        if have setsid; then apart=setsid; fi
        if [ "$said" = /dev/null ]; then exec $apart "$sbin/$server" "$@"; fi
        status=0
        $apart "$sbin/$server" "$@" || status=$?
        echo $status >"$launched"
    ) </dev/null >"$said" 2>&1 &
}

in_foreground() { [ -n "$(given "$1" d)$(given "$1" D)$(given "$1" S)" ]; }

# launch NUMBER: "good" when the launcher has gone without a complaint, or there is none; "bad" when it has complained; "on"
# while it waits for the server to be ready.
launch() {
    if [ -n "$(cat "$state/$1/unit")" ] || in_foreground "$1"; then
        say good
    elif [ ! -s "$state/$1/launched" ]; then
        say on
    elif [ "$(cat "$state/$1/launched")" = 0 ]; then
        say good
    else
        say bad
    fi
}

# given NUMBER LETTER: the value of an option that the server was started with, "yes" for one without a value.
given() (
    letter=$2
    arguments=$state/$1/arguments
    value=
    set --
    while IFS= read -r argument; do set -- "$@" "$argument"; done <"$arguments"
    shift
    while getopts :vdfxp:DZ:c:o:S:Iht option; do
        if [ "$option" = "$letter" ]; then value=${OPTARG:-yes}; fi
    done
    say "$value"
)

# at_most SECONDS COMMAND...: COMMAND, ended when it takes longer. Connecting to who does not accept takes minutes.
at_most() {
    seconds=$1
    shift
    if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# speaks_rtsp HOST PORT: whether a server there answers OPTIONS.
speaks_rtsp() {
    if have bash; then
        # shellcheck disable=SC2016 # the inner shell expands them
        at_most 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1
            printf "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" >&3
            read -r -t 2 line <&3
            [[ $line == RTSP/1.0\ * ]]' probe "$1" "$2" 2>/dev/null
    else
        curl --silent --max-time 2 --output /dev/null "rtsp://$1:$2/"
    fi
}

# server_answers NUMBER: on one of its ports.
server_answers() {
    file=$(given "$1" c)
    case $file in
    '') file=$config ;;
    /*) ;;
    *) file=$(cat "$state/$1/folder")/$file ;;
    esac
    host=$(values "$file" bind_ip_addr | head -n 1)
    case $host in '' | 0 | 0.0.0.0) host=127.0.0.1 ;; esac
    ports=$(given "$1" p)
    [ -n "$ports" ] || ports=$(values "$file" rtsp_port)
    for port in ${ports:-$default_ports}; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        if speaks_rtsp "$host" "$port"; then
            say "rtsp://$host:$port answers"
            return
        fi
    done
    return 1
}

# start_servers: starts them all and waits until they answer; fails when one does not, or when all have ended.
start_servers() {
    log_size=$({ wc -c <"$(error_log)"; } 2>/dev/null || echo 0)
    for number in $(numbers "$instances"); do start_server "$number" || true; done
    deadline=$(($(date +%s) + answer_seconds))
    give_up=$(($(date +%s) + 4)) # systemd may take its time before there is a process
    for number in $(numbers "$instances"); do
        # Another server could answer on the same port.
        until [ "$(launch "$number")" = good ] && [ -n "$(running)" ] && server_answers "$number"; do
            [ "$(launch "$number")" != bad ] || return 1
            [ "$(date +%s)" -lt "$deadline" ] || return 1
            if [ -n "$(running)" ]; then
                give_up=$(($(date +%s) + 2))
            elif [ "$(date +%s)" -gt "$give_up" ]; then
                return 1
            fi
            sleep 0.1
        done
    done
}

error_log() {
    folder=$(values "$config" error_logfile_dir)
    name=$(values "$config" error_logfile_name)
    say "${folder:-$logs}/${name:-Error}.log"
}

# The end of what the servers that were started last have printed and written to the log.
what_it_said() {
    for number in $(numbers "$instances"); do
        if [ -s "$state/$number/said" ]; then cat "$state/$number/said"; fi
    done >"$state/all_said"
    if [ -f "$(error_log)" ]; then tail -c +$((log_size + 1)) -- "$(error_log)" >>"$state/all_said"; fi
    if [ -s "$state/all_said" ]; then tail -n 20 "$state/all_said" >&2; else say "(nothing)" >&2; fi
}

# Programs and configuration become what they were, and what ran before runs again.
roll_back() {
    if [ -n "$(running)" ]; then
        warn "the server does not answer OPTIONS within $answer_seconds seconds. The end of what it said:"
    else
        warn "the server has ended. The end of what it said:"
    fi
    what_it_said
    stop_seconds=3 # who does not answer has nothing to end in order
    stop_running
    if [ "$was_running" -eq 0 ]; then
        write_manifest
        committed=yes
        die "everything is installed, but nothing runs; start $sbin/$server when the reason is gone"
    fi
    warn "going back to the server that ran before"
    undo
    if start_servers; then
        die "not installed: the previous server runs again"
    fi
    die "not installed, and the previous server does not answer either; start $sbin/$server by hand"
}

# Hundredths of a second since the machine was started.
hundredths() { sed 's/ .*//; s/\.//' /proc/uptime; }

# From the stop to the answer nothing may come between, so interrupts are ignored. What fails all the same, such as writing
# to a terminal that was closed, ends in `clean_up`, which has the old servers run again.
replace_running() {
    trap '' HUP INT TERM
    remember_running
    was_running=$instances
    stopped_at=$(hundredths)
    stopped=yes
    stop_running
    say "Removing previous versions of Darwin Streaming Server"
    each_pair "$state/staged" swap_in
    if [ "$instances" -eq 0 ]; then
        instances=1
        mkdir "$state/1"
        say "$sbin/$server" >"$state/1/arguments"
        echo / >"$state/1/folder"
        : >"$state/1/unit"
        if service_enabled; then
            echo "$server".service >"$state/1/unit"
        fi
    fi
    say "Launching $server"
    start_servers || roll_back
    outage=$(awk -v from="$stopped_at" -v to="$(hundredths)" 'BEGIN { printf "%.1f", (to - from) / 100 + 0.05 }')
    committed=yes
    trap interrupt HUP INT TERM
}
