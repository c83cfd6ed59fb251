//! `Install` over a running server. It has the real paths and ports, so it runs in namespaces of its own, on a copy of the
//! system that is gone afterwards. Where that is not allowed (without root, in some containers) there is nothing to see.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `script` in a throw-away root with its own mounts, processes and network; `None` where that cannot be had.
fn in_own_world(script: &str) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    let world = "set -e
        umask 022
        mount --make-rprivate /
        mount -t tmpfs tmpfs \"$WORLD\"
        mkdir \"$WORLD/upper\" \"$WORLD/work\" \"$WORLD/root\"
        mount -t overlay overlay -o \"lowerdir=/,upperdir=$WORLD/upper,workdir=$WORLD/work\" \"$WORLD/root\"
        cd \"$WORLD/root\"
        mount -t proc proc proc
        mount --rbind /dev dev
        mount -t tmpfs tmpfs tmp
        for folder in \"$SOURCE\" \"$PROGRAMS\"; do
            mkdir -p \".$folder\"
            mount --bind \"$folder\" \".$folder\"
            mount -o remount,ro,bind \".$folder\"
        done
        ip link set lo up
        [ \"$ONLY_TRY\" = no ] || exit 0
        exec timeout 120 chroot . /bin/sh -c \"$SCRIPT\"";
    let run = |only_try: &str| {
        Command::new("unshare")
            .args(["--mount", "--net", "--pid", "--fork", "sh", "-c", world])
            .env("WORLD", folder.path())
            .env("SOURCE", env!("CARGO_MANIFEST_DIR"))
            .env("PROGRAMS", Path::new(env!("CARGO_BIN_EXE_qtpasswd")).parent().unwrap())
            .env("SCRIPT", script)
            .env("ONLY_TRY", only_try)
            .env("TMPDIR", "/tmp")
            .output()
    };
    let allowed = run("yes").is_ok_and(|output| output.status.success());
    allowed.then(|| run("no").unwrap())
}

/// Installs over nothing, over the running server, and over it with a server that ends at once.
const SCRIPT: &str = r#"
# answer PORT TEXT...: the first line of the answer to a request
answer() { timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "$2\r\n\r\n" >&3 && IFS= read -r line <&3 &&
    printf "%s\n" "${line%?}"' answer "$@"; }
options() { answer "$1" 'OPTIONS * RTSP/1.0\r\nCSeq: 1'; }
admin() { answer 7070 "GET /modules/admin/server/qtssSvrState HTTP/1.0\r\nAuthorization: Basic $(printf %s "$1" | base64)"; }
files() { find /etc/streaming /usr/local /var/streaming ! -name '*.log' | sort | md5sum; }
ids() { for exe in /proc/[0-9]*/exe; do
    case $(readlink "$exe") in /usr/local/sbin/DarwinStreamingServer) echo "$exe";; esac; done; }
cd "$SOURCE" || exit
rm -rf /etc/streaming /var/streaming
username=boss password='a b*' ./Install --programs "$PROGRAMS" </dev/null || exit
first=$(ids)
for port in 554 7070; do echo "=== $port: $(options $port)"; done
echo "=== administrator: $(admin 'boss:a b*')"
echo "=== published account: $(admin aGFja21l:aGFja21l)"
for file in /etc/streaming /etc/streaming/* /var/streaming /var/streaming/* /usr/local/movies /usr/local/sbin/Darwin*; do
    stat -c '=== %n %a %U:%G' "$file"; done
id qtss | sed 's/^/=== /; s/([^)]*)/()/g; s/=[0-9]*/=/g'; getent passwd qtss | sed 's/.*:/=== shell /'
sed -i 's|<VALUE>554</VALUE>|&<VALUE>81</VALUE>|' /etc/streaming/streamingserver.xml
kill -HUP "$(tail -n 1 /var/run/DarwinStreamingServer.pid)"
tries=0; until options 81 >/tmp/81 2>/dev/null || [ $tries -ge 50 ]; do tries=$((tries + 1)); sleep 0.1; done
echo "=== a low port after the server gave up root: $(cat /tmp/81)"
echo "=== over it"
./Install --programs "$PROGRAMS" </dev/null || exit
second=$(ids)
[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ] && echo "=== another process serves"
mkdir /tmp/bad && cp "$PROGRAMS/qtpasswd" /tmp/bad && cp /bin/true /tmp/bad/DarwinStreamingServer
echo '<!-- mine -->' >>/etc/streaming/streamingserver.xml
sum=$(cat /usr/local/sbin/DarwinStreamingServer /etc/streaming/streamingserver.xml | md5sum)
there=$(files)
echo "=== over it, with one that is none"
./Install --programs /tmp/bad </dev/null
echo "=== status $?"
[ "$sum" = "$(cat /usr/local/sbin/DarwinStreamingServer /etc/streaming/streamingserver.xml | md5sum)" ] &&
    echo "=== program and configuration are the same again"
[ -n "$(ids)" ] && [ "$(ids)" != "$second" ] && echo "=== the old server serves again"
[ "$there" = "$(files)" ] && echo "=== no file more or less"
./Install uninstall && [ -z "$(ids)" ] && [ -s /etc/streaming/qtusers ] && echo "=== gone"
"#;

#[test]
fn a_running_server_is_replaced_and_put_back_when_the_new_one_does_not_answer() {
    let Some(output) = in_own_world(SCRIPT) else { return };
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for expected in [
        "rtsp://127.0.0.1:",
        "\n=== over it\n",
        "\n=== another process serves\n",
        "\n=== over it, with one that is none\n",
        "\nrestoring /usr/local/sbin/DarwinStreamingServer\n",
        "\n=== status 1\n",
        "\n=== program and configuration are the same again\n",
        "\n=== the old server serves again\n",
        "\n=== no file more or less\n",
        "the server has ended",
        "\n=== 554: RTSP/1.0 200 OK\n",
        "\n=== 7070: RTSP/1.0 200 OK\n",
        "\n=== administrator: HTTP/1.0 200 OK\n",
        "\n=== published account: HTTP/1.1 401 Unauthorized\n",
        "\n=== a low port after the server gave up root: RTSP/1.0 200 OK\n",
        "\n=== /etc/streaming 755 qtss:qtss\n",
        "\n=== /etc/streaming/qtgroups 600 qtss:qtss\n",
        "\n=== /etc/streaming/qtusers 600 qtss:qtss\n",
        "\n=== /etc/streaming/streamingserver.xml 600 qtss:qtss\n",
        "\n=== /var/streaming 755 qtss:qtss\n",
        "\n=== /var/streaming/logs 770 qtss:qtss\n",
        "\n=== /var/streaming/playlists 770 qtss:qtss\n",
        "\n=== /usr/local/movies 775 qtss:qtss\n",
        "\n=== /usr/local/sbin/DarwinStreamingServer 755 root:root\n",
        "\n=== uid=() gid=() groups=()\n",
        "\n=== gone\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.contains("not installed: the previous server runs again"), "{text}");
    assert!(!text.contains("does not stop and is killed"), "it ends in order\n{text}");
}
