# Run by bash in a pod with the arguments host, port, workers: each worker sends one search after the other, each on a new
# connection, until the file /tmp/stop is there. Says what became of every search that failed, and how many were answered.
# shellcheck shell=bash
host=$1 port=$2 workers=$3
# A server that closes early gives an error to look at, not the end of the worker.
trap '' PIPE
# Reading from a pipe that stays empty waits without starting a process for each search.
exec {silence}<> <(:)

ask() {
  local status line last=
  # The group keeps bash's own words about the failure out of the report.
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null || { why="no connection" && return 1; }
  printf 'GET /api/search?q=love HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$host" 2>/dev/null >&3
  read -r -t 10 -u 3 status || { why="no answer" && return 1; }
  while read -r -t 10 -u 3 line || [[ -n $line ]]; do last=$line; done
  [[ $status == "HTTP/1.1 200"* ]] || { why="${status%$'\r'}" && return 1; }
  # The last line of a whole answer closes its JSON.
  [[ $last == *'}' ]] || { why="cut off" && return 1; }
}

work() {
  local answered=0 failed=0 why
  while [[ ! -e /tmp/stop ]]; do
    if ask; then
      ((answered += 1))
    else
      ((failed += 1))
      echo "failed: $why"
    fi
    { exec 3>&-; } 2>/dev/null
    read -r -t 0.05 -u "$silence"
  done
  echo "answered $answered failed $failed"
}

rm -f /tmp/stop
for ((worker = 0; worker < workers; worker += 1)); do work & done
echo "started"
wait
