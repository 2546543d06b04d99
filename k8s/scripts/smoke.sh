#!/usr/bin/env bash
# Asks a running deployment one question and looks whether answer and trace arrive. Needs curl, and kubectl without an URL.
set -euo pipefail

usage() {
  cat <<'END'
Usage: k8s/scripts/smoke.sh [URL]

Asks the deployment at URL, or without one that of the cluster, through a port-forward of its own: it is ready, a search is
answered, and the trace of that search becomes complete in what the page's panel reads. Exit code 0 when all of that holds.

Environment:
  CONTEXT    context of the kubeconfig            (default: the current one)
  NAMESPACE  namespace of the deployment          (default: gutenberg-explorer)
  QUERY      one word to search for               (default: love)
  TIMEOUT    seconds to wait for each of the three (default: 60)
END
}

say() { printf '%-8s %s\n' "$1" "$2"; }
die() {
  printf 'smoke: %s\n' "$*" >&2
  exit 1
}

case ${1:-} in
  -h | --help) usage && exit ;;
  -*) usage >&2 && exit 2 ;;
esac
(($# < 2)) || { usage >&2 && exit 2; }
command -v curl >/dev/null || die "there is no curl"
QUERY=${QUERY:-love}
[[ $QUERY =~ ^[A-Za-z]+$ ]] || die "QUERY is one word of the letters A to Z"
TIMEOUT=${TIMEOUT:-60}
[[ $TIMEOUT =~ ^[1-9][0-9]*$ ]] || die "TIMEOUT is a number of seconds"

work=$(mktemp -d)
touch "$work/curl" "$work/forward"
forward=
stop() {
  [[ -z $forward ]] || kill "$forward" 2>/dev/null || true
  wait || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# get PATH [curl options]: the body on standard output; fails without an answer of 200.
get() {
  local path=$1
  shift
  curl --silent --show-error --fail --max-time 10 "$@" "$url$path" 2>"$work/curl"
}

# until_true WHAT COMMAND...: repeats the command until it succeeds; the last error of curl goes into the message.
until_true() {
  local what=$1 end=$((SECONDS + TIMEOUT))
  shift
  until "$@"; do
    ((SECONDS < end)) || die "$what: not within $TIMEOUT s: $(cat "$work/curl")"
    sleep 0.5
  done
}

# hex BYTES: so many random bytes.
hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

open_forward() {
  command -v kubectl >/dev/null || die "there is no kubectl; give the URL of the page"
  # Read once and then always given: another terminal may choose another context meanwhile.
  CONTEXT=${CONTEXT:-$(kubectl config current-context)} || die "the kubeconfig has no current context; set CONTEXT"
  NAMESPACE=${NAMESPACE:-gutenberg-explorer}
  say where "context $CONTEXT, namespace $NAMESPACE"
  # Port 0: kubectl takes a free one and says which.
  kubectl --context "$CONTEXT" --namespace "$NAMESPACE" port-forward service/frontend-service :80 >"$work/forward" 2>&1 &
  forward=$!
  until_true "port-forward" forward_is_open
  url=http://127.0.0.1:$(sed -n 's/^Forwarding from 127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$work/forward" | head -n 1)
}
forward_is_open() {
  grep -q '^Forwarding from 127\.0\.0\.1:' "$work/forward" && return
  kill -0 "$forward" 2>/dev/null || die "port-forward ended: $(cat "$work/forward")"
  return 1
}

is_ready() { get /livez >/dev/null && get /api/readyz >/dev/null; }

# The trace as text, one `name` or `id` a line, is enough to see that nothing is missing.
fields() { { grep -o "\"$1\":\"[^\"]*\"" "$work/trace" || true; } | cut -d'"' -f4 | sort -u; }
trace_is_complete() {
  local name hits
  get "/telemetry/api/v3/traces/$trace_id" >"$work/trace" || { missing=$(cat "$work/curl") && return 1; }
  for name in "GET /api/{*path}" "GET /search" search_api perform_search tfidf_search preprocess_query vectorize_query \
    compute_similarity process_results; do
    missing="no span $name"
    fields name | grep -qxF "$name" || return 1
  done
  hits=$({ grep -o '"name":"generate_snippet"' "$work/trace" || true; } | wc -l)
  missing="$((hits)) snippets for $results results"
  ((hits == results)) || return 1
  # Every parent is a span of the trace, or the one that this script said it was.
  missing=$(comm -23 <(fields parentSpanId) <({ fields spanId && echo "$span_id"; } | sort -u))
  [[ -z $missing ]]
}

# One search, in a trace whose id is made here.
ask() {
  trace_id=$(hex 16)
  span_id=$(hex 8)
  get "/api/search?q=$QUERY" --header "traceparent: 00-$trace_id-$span_id-01" >"$work/answer" ||
    die "the search was not answered: $(cat "$work/curl")"
  results=$(sed -n 's/.*"total_results":\([0-9]*\).*/\1/p' "$work/answer")
  matches=$(sed -n 's/.*"total_matches":\([0-9]*\).*/\1/p' "$work/answer")
  ((${results:-0} > 0)) || die "nothing was found for $QUERY: $(head -c 300 "$work/answer")"
  say search "$QUERY: $results of $matches results"
}

# Whether the trace is complete within 10 seconds.
trace_arrives() {
  local end=$((SECONDS + 10))
  until trace_is_complete; do
    ((SECONDS < end)) || return 1
    sleep 0.5
  done
}

if [[ -n ${1:-} ]]; then
  url=${1%/}
  say where "$url"
else
  open_forward
fi

until_true "ready" is_ready
say ready "page and backend"

get /config.json >"$work/config" || die "no configuration of the page: $(cat "$work/curl")"
end=$((SECONDS + TIMEOUT))
while :; do
  ask
  if ! grep -q '"trace_panel":true' "$work/config"; then
    say trace "$trace_id went to the viewer of this deployment, which has no trace panel"
    exit
  fi
  trace_arrives && break
  # Services that have just started lose spans until they reach their Collector; the next search has all of them.
  say trace "$trace_id is not complete: $missing"
  ((SECONDS < end)) || die "no trace was complete within $TIMEOUT s"
done
spans=$({ grep -o '"startTimeUnixNano"' "$work/trace" || true; } | wc -l)
say trace "$trace_id complete: $((spans)) spans of $(fields stringValue | grep -xE 'gutenberg-(backend|frontend-server)' | paste -sd, - | sed 's/,/, /g')"
