# Run by bash in a pod with `host:port` arguments: says of each whether a connection can be made.
# shellcheck shell=bash
for target in "$@"; do
  if timeout 2 bash -c "exec 3<>/dev/tcp/${target%:*}/${target##*:}" 2>/dev/null; then
    echo "$target open"
  else
    echo "$target closed"
  fi &
done
wait
