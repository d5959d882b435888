import { SAY } from './base64.ts';
import { FOLLOWERS } from './followers.ts';
import { MARKED } from './marked.ts';

/**
 * Lists foreign things at the paths that are its arguments, without the text of a file or the arguments of a program. A link at one of hxllm's paths is foreign, since hxllm puts files there.
 */
export const FOREIGN_SCRIPT = `
config=$1 environment=$2 service=$3 socket=$4 install=$5 marker=$6 port=$7; shift 7
${SAY}
${FOLLOWERS}${MARKED}
# Of a foreign file only these words leave the host: its other words may be secrets.
config_words() { [ -f "$1" ] && grep -qs '^model_list:' -- "$1" && echo model_list; }
environment_words() { [ -f "$1" ] && grep -Eqs '^(export )?LITELLM_[A-Za-z0-9_]+=' -- "$1" && echo LITELLM_; }
unit_words() {
  [ -f "$1" ] || return 0
  grep -qsi litellm -- "$1" && echo litellm
  # The program without its arguments.
  sed -nE 's/^[[:space:]]*ExecStart=[-@:+!|]*"?([^"[:space:]]+).*/ExecStart=\\1/p; s/^[[:space:]]*ListenStream=([^[:space:]]+).*/ListenStream=\\1/p' -- "$1" 2>/dev/null | head -n 1
}
own_file() { [ ! -L "$1" ] && marked "$1"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
kind() { [ -L "$1" ] || stat -c %F -- "$1"; }
there "$config" && ! own_file "$config" && say file "$config" "$(config_words "$config")" "$(readlink -- "$config")" "$(kind "$config")"
there "$environment" && ! own_file "$environment" && say file "$environment" "$(environment_words "$environment")" "$(readlink -- "$environment")" "$(kind "$environment")"
# The files beside those; their words stay on the host.
for more; do there "$more" && ! own_file "$more" && say file "$more" '' "$(readlink -- "$more")" "$(kind "$more")"; done
root=\${service%/etc/systemd/system/*}
# The state of a unit, and the links by which it is enabled or has another name.
state() {
  local path target links=()
  while IFS= read -r -d '' path && IFS= read -r -d '' target; do
    case $path in */systemd/system/"$1") continue;; esac
    [ "\${path##*/}" = "$1" ] || [ "\${target##*/}" = "$1" ] || continue
    links+=("$path")
  done < <(find "$root/etc/systemd/system" "$root/run/systemd/system" -mindepth 1 -maxdepth 2 -type l -printf '%p\\0%l\\0' 2>/dev/null)
  say state "$1" "$(systemctl is-active -- "$1" 2>/dev/null)" "$(systemctl show "$1" -p FragmentPath --value 2>/dev/null)" "$(followers "$1")" "\${links[@]}"
}
for unit in "$service" "$socket"; do
  name=\${unit##*/}
  # systemd.unit(5): the first unit file that exists is the unit. One below /etc is shadowed by hxllm's and stays.
  for file in "$root/run/systemd/transient/$name" "$unit" "$root"/{run/systemd/system,run/systemd/generator,usr/local/lib/systemd/system,usr/lib/systemd/system,lib/systemd/system,run/systemd/generator.late}/"$name"; do
    there "$file" || continue
    [ "$file" = "$unit" ] && own_file "$file" && break
    say unit "$file" "$(unit_words "$file")" "$(readlink -- "$file")" "$(kind "$file")"
    state "$name"
    # Where the file is another name of a unit, that unit runs.
    id=; [ -n "$root" ] || id=$(systemctl show "$name" -p Id --value 2>/dev/null)
    [ -z "$id" ] || [ "$id" = "$name" ] || { say alias "$file" "$id"; state "$id"; }
    break
  done
done

# Listening sockets of the port from the kernel's own table: state 0A, the tenth column is the inode.
hex=$(printf %04X "$port")
inodes=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ _ _ inode _; do
  [ "$state" = 0A ] && [ "\${local##*:}" = "$hex" ] && echo "$inode"
done | sort -u)
programs=$(readlink -f "$install")/runtimes
# systemd keeps hxllm's units in memory whose files are gone, with hxllm's program.
is_program() { case $1 in */runtimes/node-*/bin/node) true;; *) false;; esac; }
runs_program() {
  local main
  for main in $(systemctl show litellm.service 'litellm@*.service' -P MainPID 2>/dev/null); do
    [ "$main" != 0 ] && is_program "$(readlink "/proc/$main/exe" 2>/dev/null | sed 's/ (deleted)$//')" && return
  done
  return 1
}
# $1 pid, $2 program, $3 unit. A drop-in of the operator may run another program in hxllm's unit, or open another port.
ours() {
  case $2 in "$programs"/*) own_file "$marker" && return 0;; esac
  case $3 in litellm.service|litellm@*.service) { own_file "$service" || is_program "$2"; } && return 0;; esac
  [ "$1" = 1 ] && [ "$3" = litellm.socket ] && ! there "$socket" && runs_program && return 0
  # The service manager itself holds the socket of a unit.
  [ "$1" = 1 ] && own_file "$socket" && { grep -Eq "^ListenStream=(.*:)?$port\\$" "$socket" || systemctl show litellm.socket -p Listen 2>/dev/null | grep -q ":$port "; }
}
# The socket unit for which the service manager holds the port.
socket_unit() {
  local line id= listens=
  while IFS= read -r line; do
    case $line in
      Id=*) id=\${line#Id=};;
      Listen=*":$port (Stream)") listens=yes;;
      '') [ -z "$listens" ] || { printf %s "$id"; return; }; id= listens=;;
    esac
  done < <(systemctl show '*.socket' -p Id,Listen 2>/dev/null; echo)
}
# $1 unit, $2 pid of one of its processes. Of cron, supervisord, a Docker daemon or sshd it is a guest: the unit's own program is another.
is_guest() {
  local main
  case $1 in ''|*.scope|*[Ll]ite[Ll][Ll][Mm]*) return 1;; *.socket) [ "$2" != 1 ]; return;; esac
  main=$(systemctl show "$1" -P MainPID 2>/dev/null)
  [ "$main" != "$2" ] || return 1
  ! systemctl show "$1" -P ExecStart 2>/dev/null | grep -qi litellm || return 1
  # A script that starts the program without exec is its unit's program, too.
  case $(readlink "/proc/\${main:-0}/exe" 2>/dev/null) in */sh|*/bash|*/dash|*/zsh|*/ksh*) return 1;; esac
}
# The other ports on which a process listens; pid 1 listens for all socket units.
other_ports() {
  [ "$1" != 1 ] || return 0
  local held
  held=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n')
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ _ _ inode _; do
    [ "$state" = 0A ] && [ "\${local##*:}" != "$hex" ] && case $'\n'$held$'\n' in *$'\n'$inode$'\n'*) echo $((16#\${local##*:}));; esac
  done | sort -un | tr '\n' ' '
}
seen=
for inode in $inodes; do
  # The process with the lowest id stands for its children, which hold the same socket.
  fd=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\\[$inode\\]" 2>/dev/null | sort -t/ -k3n | head -n 1)
  pid=\${fd#/proc/}; pid=\${pid%%/*}
  case " $seen " in *" $pid "*) continue;; esac
  seen="$seen $pid"
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null); exe=\${exe% (deleted)}
  unit=$(grep -oE '[^/]+\\.(service|scope)' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
  [ "$pid" != 1 ] || unit=$(socket_unit)
  # A unit of a user's own service manager is none of the system's, even with the same name.
  user=$(grep -oE '/user@[0-9]+\\.service/' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
  [ -z "$user" ] || { user=\${user#/user@}; user=$(id -nu -- "\${user%.service/}"); }
  [ -n "$user" ] || ! ours "$pid" "$exe" "$unit" || continue
  say process "$pid" "$exe" "$unit" "$(tr '\\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qi litellm && echo litellm)" "$user" "$(is_guest "$unit" "$pid" && echo guest)" "$(other_ports "$pid")"
  [ -z "$user" ] || continue
  case $unit in *.service|*.socket) state "$unit";; esac
  case $unit in *.socket) for each in $(systemctl show "$unit" -p Triggers --value 2>/dev/null); do say alias "$unit" "$each"; state "$each"; done;; esac
done
exit 0
`;
