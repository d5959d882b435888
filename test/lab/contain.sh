#!/bin/bash
# contain.sh CGROUP... -- COMMAND...
# Runs COMMAND inside the given cgroups, so that whatever it starts can be found again and ended, whatever became of us.
# systemd-nspawn exits with 133 where the machine inside asked for a reboot; then it is started again.
set -u
groups=()
while [ "$1" != -- ]; do groups+=("$1"); shift; done
shift
for group in "${groups[@]}"; do echo $$ >"$group/cgroup.procs" || exit 70; done
for group in "${groups[@]}"; do mkdir -p "$group/inside" || exit 70; done
while :; do
  (
    for group in "${groups[@]}"; do echo "$BASHPID" >"$group/inside/cgroup.procs" || exit 70; done
    exec "$@"
  )
  code=$?
  [ "$code" -eq 133 ] || exit "$code"
done
