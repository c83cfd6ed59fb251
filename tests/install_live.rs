//! `Install` over a running server. It has the real paths and ports, so it runs in namespaces of its own, on a copy of the
//! system that is gone afterwards. Where that is not allowed (without root, in some containers) there is nothing to see.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `script` in a throw-away root with its own mounts, processes and network; `None` where that cannot be had.
fn in_own_world(script: &str) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    let world = "set -e
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
ids() { for exe in /proc/[0-9]*/exe; do
    case $(readlink "$exe") in /usr/local/sbin/DarwinStreamingServer) echo "$exe";; esac; done; }
cd "$SOURCE" || exit
rm -rf /etc/streaming /var/streaming
username=boss password='a b*' ./Install --programs "$PROGRAMS" </dev/null || exit
first=$(ids)
echo "=== over it"
./Install --programs "$PROGRAMS" </dev/null || exit
second=$(ids)
[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ] && echo "=== another process serves"
mkdir /tmp/bad && cp "$PROGRAMS/qtpasswd" /tmp/bad && cp /bin/true /tmp/bad/DarwinStreamingServer
echo '<!-- mine -->' >>/etc/streaming/streamingserver.xml
sum=$(cat /usr/local/sbin/DarwinStreamingServer /etc/streaming/streamingserver.xml | md5sum)
echo "=== over it, with one that is none"
./Install --programs /tmp/bad </dev/null
echo "=== status $?"
[ "$sum" = "$(cat /usr/local/sbin/DarwinStreamingServer /etc/streaming/streamingserver.xml | md5sum)" ] &&
    echo "=== program and configuration are the same again"
[ -n "$(ids)" ] && [ "$(ids)" != "$second" ] && echo "=== the old server serves again"
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
        "\n=== gone\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert!(text.contains("not installed: the previous server runs again"), "{text}");
    assert!(!text.contains("does not stop and is killed"), "it ends in order\n{text}");
}
