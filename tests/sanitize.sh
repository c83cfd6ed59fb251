#!/bin/sh
# Runs the modules' tests and 1,000 play sessions with a server, and modules, that a sanitizer watches.
#
#   tests/sanitize.sh address    wrong use of memory: AddressSanitizer
#   tests/sanitize.sh thread     data races, wrong use of locks: ThreadSanitizer
#
# What it does: builds the server with -Zsanitizer, its standard library included, so that nothing is missed and nothing is
# blamed wrongly; builds each module and probe with clang's -fsanitize (they find the sanitizer in the server's
# executable); and runs with these
#   1. tests/modules.rs and tests/slow_module.rs: each call of the module interface, used rightly and wrongly;
#   2. tests/compat_modules.rs: what each module of compat-modules/ does, and StreamingLoadTool with PROBE_SESSIONS (1000)
#      sessions, half over UDP, half over TCP, while all modules are loaded and at work: signed URLs, a web server asked and
#      waited for, made-up packets, a file system, home folders, all attributes walked through, preferences read again
#      every other second.
# A test fails when the server's standard error has a sanitizer's report, and prints it.
#
# Needs clang, llvm-symbolizer, make, and a nightly Rust with its source: rustup toolchain install nightly
# --component rust-src. RUST_NIGHTLY names another toolchain. The server is built in target/sanitize-KIND. Arguments behind
# the first go to `cargo test` in place of the tests above.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

kind=${1:-}
case $kind in
address | thread) shift ;;
*) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
for program in clang clang++ llvm-symbolizer make; do
    command -v "$program" >/dev/null || { echo "sanitize.sh: $program is missing" >&2 && exit 2; }
done

host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-$PWD/target}/sanitize-$kind
RUSTFLAGS="-Zsanitizer=$kind -Clink-arg=-Wl,--export-dynamic -Cforce-frame-pointers=yes ${RUSTFLAGS:-}" \
    cargo "+${RUST_NIGHTLY:-nightly}" build --bin DarwinStreamingServer -Zbuild-std --target "$host" \
    --target-dir "$built" --config 'profile.dev.opt-level=1'

# Read by tests/modules/lab.rs, tests/compat_modules.rs and compat-modules/sdk/environment.
export PROBE_SERVER="$built/$host/debug/DarwinStreamingServer" PROBE_SANITIZER="$kind"
export PROBE_CC=clang PROBE_CXX=clang++ CCOMP=clang LINKER=clang++
export PROBE_SESSIONS="${PROBE_SESSIONS:-1000}" PROBE_SECONDS="${PROBE_SECONDS:-20}" PROBE_RAMP="${PROBE_RAMP:-10}"
export TSAN_OPTIONS="history_size=7 second_deadlock_stack=1 suppressions=$PWD/tests/tsan-suppressions.txt ${TSAN_OPTIONS:-}"
if [ $# -eq 0 ]; then
    set -- --test modules --test slow_module --test compat_modules
fi
cargo test --no-fail-fast "$@"
