#!/bin/sh
# Compiles the Collector of manifest.yaml:
#
#   sh build.sh OUT        the program, in exactly the versions of go.mod and go.sum
#   sh build.sh --update   takes the manifest's versions into go.mod and go.sum, and compiles to see that they fit
#
# Needs Go, of at least the version in go.mod. GOFLAGS is respected: `GOFLAGS=-p=1` where memory is short, for a single package
# takes the compiler 6 GB.
set -eu

usage() {
  sed -n '4,5s/^# *//p' "$0" >&2
  exit 2
}

[ $# -eq 1 ] && [ -n "$1" ] || usage
builder_version=v0.155.0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

case $1 in
  --update) out=$work/otelcol ;;
  -*) usage ;;
  /*) out=$1 ;;
  *) out=$PWD/$1 ;;
esac

GOBIN=$work/bin go install "go.opentelemetry.io/collector/cmd/builder@$builder_version"
cd "$work"
# Left to itself, the builder writes go.mod from the manifest and then runs `go mod tidy`. That asks for modules which only
# the tests of dependencies' dependencies need, and not all of those can be had from a module proxy. So it may fail here:
# `go build -mod=mod` completes the file it has written, by what is compiled.
if [ "$1" = --update ]; then
  mod=mod
  "$work/bin/builder" --config "$here/manifest.yaml" --skip-compilation || echo "go mod tidy has failed, which does no harm" >&2
  cd source
else
  mod='readonly'
  "$work/bin/builder" --config "$here/manifest.yaml" --skip-get-modules --skip-compilation
  cd source
  cp "$here/go.mod" "$here/go.sum" .
fi
CGO_ENABLED=0 go build -mod="$mod" -buildvcs=false -trimpath -ldflags '-s -w' -o "$out.part" .
mv "$out.part" "$out"

if [ "$1" = --update ]; then
  cp go.mod go.sum "$here/"
fi
