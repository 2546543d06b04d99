#!/usr/bin/env bash
# Deploys the newest images of a registry to a cluster: by digest, after a dry run on the server, and back again if the new
# pods do not become ready or do not answer.
set -euo pipefail

usage() {
  cat <<'END'
Usage: k8s/scripts/deploy-latest.sh [--overlay NAME]

Deploys k8s/overlays/NAME (default: eks-datadog) with the digests that the images' tags have now, waits for the rollout and
asks the deployment a question. When that fails, every Deployment that was changed goes back to where it was.

--overlay local needs no registry: without REGISTRY, it takes the images that the cluster holds, by the manifests' tags.

Environment:
  CONTEXT    context of the kubeconfig; always needed, so that nothing is deployed to a cluster by accident
  REGISTRY   where the images are, such as ghcr.io/OWNER/gutenberg-explorer
  TAG        tag to deploy                        (default: main, which is the newest build of that branch)
  NAMESPACE  namespace that the overlay deploys to (default: gutenberg-explorer)
  TIMEOUT    seconds that a rollout may take      (default: 300)
END
}

say() { printf '==> %s\n' "$*"; }
die() {
  printf 'deploy-latest: %s\n' "$*" >&2
  exit 1
}

overlay=eks-datadog
while (($# > 0)); do
  case $1 in
    -h | --help) usage && exit ;;
    --overlay) overlay=${2:?--overlay needs a name} && shift 2 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
: "${CONTEXT:?names the cluster to deploy to; kubectl config get-contexts lists them}"
NAMESPACE=${NAMESPACE:-gutenberg-explorer}
TAG=${TAG:-main}
TIMEOUT=${TIMEOUT:-300}
[[ $TIMEOUT =~ ^[1-9][0-9]*$ ]] || die "TIMEOUT is a number of seconds"
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${scripts%/scripts}/overlays/$overlay
[[ -f $folder/kustomization.yaml ]] || die "there is no overlay $overlay"
REGISTRY=${REGISTRY:-}
[[ $overlay == local ]] || : "${REGISTRY:?is where the images are, such as ghcr.io/OWNER/gutenberg-explorer}"
command -v kubectl >/dev/null || die "there is no kubectl"
cluster=(kubectl --context "$CONTEXT")
kube=("${cluster[@]}" --namespace "$NAMESPACE")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The digest that a tag has now; of an image for several architectures, that of their list.
digest_of() {
  if command -v crane >/dev/null; then
    crane digest "$1"
  elif command -v skopeo >/dev/null; then
    skopeo inspect --no-tags --format '{{.Digest}}' "docker://$1"
  elif docker buildx version >/dev/null 2>&1; then
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"
  else
    die "none of crane, skopeo and docker buildx is here to resolve $1"
  fi
}

# The overlay as it is, then with every image of this project replaced by its digest.
render() {
  local image digest
  kubectl kustomize "$folder" >"$work/rendered.yaml"
  grep -q "^  namespace: $NAMESPACE\$" "$work/rendered.yaml" || die "overlay $overlay deploys nothing to namespace $NAMESPACE"
  printf 'resources: [rendered.yaml]\n' >"$work/kustomization.yaml"
  [[ -n $REGISTRY ]] || return 0
  printf 'images:\n' >>"$work/kustomization.yaml"
  while read -r image; do
    digest=$(digest_of "$REGISTRY/$image:$TAG" </dev/null) || die "$REGISTRY/$image:$TAG has no digest"
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "$REGISTRY/$image:$TAG: this is no digest: $digest"
    printf '  - {name: gutenberg-explorer/%s, newName: %s, digest: "%s"}\n' "$image" "$REGISTRY/$image" "$digest" \
      >>"$work/kustomization.yaml"
    say "$image: $REGISTRY/$image:$TAG is $digest"
  done < <(sed -nE 's#^ *(- )?image: gutenberg-explorer/([a-z-]+):.*#\2#p' "$work/rendered.yaml" | sort -u)
}

# `name revision` of every Deployment that is there.
revisions() {
  "${kube[@]}" get deployments --output \
    'jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.deployment\.kubernetes\.io/revision}{"\n"}{end}'
}

# Every Deployment of the rollout back to the revision that it had before; one that is new has none.
undo() {
  local name revision failed=
  ((${#changed[@]} > 0)) || die "the deployment does not work, and no Deployment was changed that could be undone"
  for name in "${changed[@]}"; do
    revision=$(awk -v name="$name" '$1 == name { print $2 }' "$work/before")
    if [[ -z $revision ]]; then
      say "$name was not there before and stays, so that it can be looked at"
      continue
    fi
    "${kube[@]}" rollout undo "deployment/$name" --to-revision "$revision" || failed=1
  done
  for name in "${changed[@]}"; do
    "${kube[@]}" get pods --selector "app.kubernetes.io/name=$name" || true
  done
  [[ -z $failed ]] || die "not everything could be undone; see above"
  die "the new version does not work and was undone"
}

say "context $CONTEXT, namespace $NAMESPACE, overlay $overlay"
render

# A dry run of what lies in a namespace needs the namespace.
awk 'BEGIN { RS = "---\n" } /(^|\n)kind: Namespace\n/ { printf "---\n%s", $0 }' "$work/rendered.yaml" |
  "${cluster[@]}" apply --filename -
say "dry run on the server"
"${cluster[@]}" apply --dry-run=server --validate=strict --kustomize "$work" >/dev/null

revisions >"$work/before"
say "apply"
applied=1
"${cluster[@]}" apply --validate=strict --kustomize "$work" | tee "$work/applied" || applied=
changed=()
while read -r name; do
  changed+=("$name")
done < <(sed -nE 's#^deployment\.apps/([a-z0-9-]+) (configured|created)$#\1#p' "$work/applied")
[[ -n $applied ]] || undo

for name in ${changed[@]+"${changed[@]}"}; do
  "${kube[@]}" rollout status "deployment/$name" --timeout "${TIMEOUT}s" || undo
done
say "ask a question"
CONTEXT=$CONTEXT NAMESPACE=$NAMESPACE TIMEOUT=60 "$scripts/smoke.sh" || undo
say "deployed"
