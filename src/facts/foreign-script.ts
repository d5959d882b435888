/**
 * Asks for what is foreign. `$1` configuration, `$2` environment file, `$3` service unit, `$4` socket unit, `$5` install
 * folder, `$6` its marker, `$7` port. Of files the first 4 KiB travel, of the environment file only the names.
 */
export const FOREIGN_SCRIPT = `
b() { if [ -z "$1" ]; then printf ' -'; else printf ' %s' "$(printf %s "$1" | base64 -w0)"; fi; }
say() { printf %s "$1"; shift; for v; do b "$v"; done; echo; }
text() { head -c 4096 "$1" 2>/dev/null | tr -d '\\0'; }
marked() { head -n 2 "$1" 2>/dev/null | grep -q '^# Installed by hxllm'; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
there "$1" && ! marked "$1" && say file "$1" "$(text "$1")"
there "$2" && ! marked "$2" && say file "$2" "$(text "$2" | sed 's/=.*/=/')"
root=\${3%/etc/systemd/system/*}
for unit in "$3" "$4"; do
  name=\${unit##*/}
  for file in "$unit" "$unit".d/*.conf "$root/run/systemd/system/$name" "$root/run/systemd/system/$name".d/*.conf; do
    there "$file" && ! marked "$file" && say unit "$file" "$(text "$file")"
  done
done
# A package's unit has no say once one lies in /etc; before that it is what runs.
if ! there "$3"; then
  for file in "$root/usr/lib/systemd/system/\${3##*/}" "$root/lib/systemd/system/\${3##*/}"; do
    there "$file" && { say unit "$file" "$(text "$file")"; break; }
  done
fi
if [ -d "$5" ] && ! marked "$6" && [ -n "$(ls -A "$5")" ]; then say folder "$5" "$(ls -A "$5" | head -n 5)"; fi

# Listening sockets of the port from the kernel's own table: state 0A, the tenth column is the inode.
hex=$(printf %04X "$7")
inodes=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ _ _ inode _; do
  [ "$state" = 0A ] && [ "\${local##*:}" = "$hex" ] && echo "$inode"
done | sort -u)
programs=$(readlink -f "$5")/runtimes
ours() {
  case $2 in "$programs"/*) marked "$6" && return 0;; esac
  # The service manager itself holds the socket of a unit.
  [ "$1" = 1 ] && marked "$4" && grep -Eq "^ListenStream=(.*:)?$7\\$" "$4"
}
seen=
for inode in $inodes; do
  # The first process says who it is; its children hold the same socket.
  fd=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\\[$inode\\]" 2>/dev/null | sort -t/ -k3n | head -n 1)
  pid=\${fd#/proc/}; pid=\${pid%%/*}
  case " $seen " in *" $pid "*) continue;; esac
  seen="$seen $pid"
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null); exe=\${exe% (deleted)}
  ours "$pid" "$exe" "$3" "$4" "$5" "$6" "$7" && continue
  unit=$(grep -oE '[^/]+\\.(service|scope)' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
  say process "$pid" "$exe" "$unit" "$(tr '\\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | head -c 300)"
done
exit 0
`;
