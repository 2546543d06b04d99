# Runs "$@" (the working half of `cargo xtask demo`) and makes sure that nothing of it outlives this shell.
#
# The standard library of Rust cannot catch signals without unsafe code; a shell can. So this shell has the process id
# that the caller knows, and turns SIGINT, SIGTERM and SIGHUP into the end of the worker's standard input. The worker
# sees that end too when this shell is killed. The worker leads a process group of its own: the terminal's Ctrl-C does
# not reach it, and when it is killed itself, the shell finds what it has left behind.
#
# shellcheck shell=sh

stopping=
trap 'stopping=yes; exec 3>&-' INT TERM HUP

folder=$(mktemp -d "${TMPDIR:-/tmp}/gutenberg-explorer-XXXXXX") || exit 1
mkfifo "$folder/life" || exit 1
# Opened for reading and writing, a FIFO does not wait for its other side.
# shellcheck disable=SC2094 # Only of a file would it be wrong to read and write the same one.
exec 3<>"$folder/life" 4<"$folder/life"
rm -r "$folder"

"$@" <&4 3>&- 4<&- &
worker=$!
exec 4<&-
# A signal may have come before the FIFO was open.
[ -z "$stopping" ] || exec 3>&-

# A signal ends `wait` early.
while :; do
    wait "$worker"
    code=$?
    kill -s 0 "$worker" 2>/dev/null || break
done

if kill -s TERM -- "-$worker" 2>/dev/null; then
    tries=100
    while [ "$tries" -gt 0 ] && kill -s 0 -- "-$worker" 2>/dev/null; do
        sleep 0.1
        tries=$((tries - 1))
    done
    kill -s KILL -- "-$worker" 2>/dev/null
fi
exit "$code"
