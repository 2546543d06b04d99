#!/usr/bin/env bash
# Brings the page of a running deployment to this machine, and Jaeger where there is one. Ctrl-C ends both.
set -euo pipefail

usage() {
  cat <<'END'
Usage: k8s/scripts/port-forward.sh

The page of the deployment at http://localhost:3000, and Jaeger, where the deployment has it, at http://localhost:16686.
Ends with Ctrl-C, or when one of the connections is lost.

Environment:
  CONTEXT      context of the kubeconfig          (default: the current one)
  NAMESPACE    namespace of the deployment        (default: gutenberg-explorer)
  PORT         local port of the page             (default: 3000)
  JAEGER_PORT  local port of Jaeger               (default: 16686, where the page's link to the viewer leads)
END
}

die() {
  printf 'port-forward: %s\n' "$*" >&2
  exit 1
}

case ${1:-} in
  -h | --help) usage && exit ;;
  ?*) usage >&2 && exit 2 ;;
esac
command -v kubectl >/dev/null || die "there is no kubectl"
# Read once and then always given: another terminal may choose another context meanwhile.
CONTEXT=${CONTEXT:-$(kubectl config current-context)} || die "the kubeconfig has no current context; set CONTEXT"
NAMESPACE=${NAMESPACE:-gutenberg-explorer}
kube=(kubectl --context "$CONTEXT" --namespace "$NAMESPACE")

"${kube[@]}" get service/frontend-service --output name >/dev/null ||
  die "context $CONTEXT, namespace $NAMESPACE: there is no frontend-service"

forwards=()
stop() {
  trap - EXIT INT TERM
  kill "${forwards[@]}" 2>/dev/null || true
  wait || true
}
trap stop EXIT
trap 'exit 0' INT TERM

printf 'context %s, namespace %s\n' "$CONTEXT" "$NAMESPACE"
"${kube[@]}" port-forward service/frontend-service "${PORT:-3000}:80" &
forwards+=($!)
if [[ -n $("${kube[@]}" get service/jaeger --ignore-not-found --output name) ]]; then
  "${kube[@]}" port-forward service/jaeger "${JAEGER_PORT:-16686}:16686" &
  forwards+=($!)
fi

while :; do
  for forward in "${forwards[@]}"; do
    kill -0 "$forward" 2>/dev/null || die "a connection was lost or never made; see above"
  done
  sleep 1
done
