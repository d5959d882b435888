import { MARK } from '../core/mark.ts';
import { SAY } from './base64.ts';

/**
 * Lists foreign things at the paths that are its arguments. It sends the first 4 KiB of a file; of the environment file
 * only the names.
 */
export const FOREIGN_SCRIPT = `
config=$1 environment=$2 service=$3 socket=$4 install=$5 marker=$6 port=$7
${SAY}
text() { head -c 4096 "$1" 2>/dev/null | tr -d '\\0'; }
marked() { head -n 2 "$1" 2>/dev/null | grep -q '^${MARK}'; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
there "$config" && ! marked "$config" && say file "$config" "$(text "$config")"
there "$environment" && ! marked "$environment" && say file "$environment" "$(text "$environment" | sed 's/=.*/=/')"
root=\${service%/etc/systemd/system/*}
for unit in "$service" "$socket"; do
  name=\${unit##*/}
  for file in "$unit" "$unit".d/*.conf "$root/run/systemd/system/$name" "$root/run/systemd/system/$name".d/*.conf; do
    there "$file" && ! marked "$file" && say unit "$file" "$(text "$file")"
  done
done
# A unit in /etc overrides a package's unit; without one the package's unit runs.
if ! there "$service"; then
  for file in "$root/usr/lib/systemd/system/\${service##*/}" "$root/lib/systemd/system/\${service##*/}"; do
    there "$file" && { say unit "$file" "$(text "$file")"; break; }
  done
fi

# Listening sockets of the port from the kernel's own table: state 0A, the tenth column is the inode.
hex=$(printf %04X "$port")
inodes=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ _ _ inode _; do
  [ "$state" = 0A ] && [ "\${local##*:}" = "$hex" ] && echo "$inode"
done | sort -u)
programs=$(readlink -f "$install")/runtimes
ours() {
  case $2 in "$programs"/*) marked "$marker" && return 0;; esac
  # The service manager itself holds the socket of a unit.
  [ "$1" = 1 ] && marked "$socket" && grep -Eq "^ListenStream=(.*:)?$port\\$" "$socket"
}
seen=
for inode in $inodes; do
  # The process with the lowest id stands for its children, which hold the same socket.
  fd=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\\[$inode\\]" 2>/dev/null | sort -t/ -k3n | head -n 1)
  pid=\${fd#/proc/}; pid=\${pid%%/*}
  case " $seen " in *" $pid "*) continue;; esac
  seen="$seen $pid"
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null); exe=\${exe% (deleted)}
  ours "$pid" "$exe" && continue
  unit=$(grep -oE '[^/]+\\.(service|scope)' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
  say process "$pid" "$exe" "$unit" "$(tr '\\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | head -c 300)"
done
exit 0
`;
