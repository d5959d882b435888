/**
 * The bash function `followers UNIT`: prints the active units that systemd stops together with a unit, since they require it, are
 * bound to it or are a part of it, and those that follow them. A later start of the unit does not start them again.
 */
export const FOLLOWERS = `
followers() {
  local queue=("$1") seen=" $1 " n each
  for ((n = 0; n < \${#queue[@]} && n < 100; n++)); do
    for each in $(systemctl show "\${queue[n]}" -p RequiredBy,BoundBy,ConsistsOf,PropagatesStopTo --value 2>/dev/null); do
      case $seen in *" $each "*) continue;; esac
      seen="$seen$each "
      case $(systemctl is-active -- "$each" 2>/dev/null) in active|activating|reloading) queue+=("$each"); printf '%s\\n' "$each";; esac
    done
  done
}`;
