import { SAY } from '../base64.ts';
import { FOLLOWERS } from '../followers.ts';
import { MARKED } from '../marked.ts';
import { DEPLOYMENTS, INSTANCES } from './deployments.ts';

/**
 * Prints one line for each thing that is installed, values in base64. `$1` user, `$2` group, `$3` install folder, `$4`
 * pid file, `$5` service manager, `$6` the environment file, whose text is never sent, as that of a private key, `$7` whether runtimes are hashed; the rest are paths to check.
 */
export const INSTALLATION_SCRIPT = `
${SAY}
${FOLLOWERS}${MARKED}
${INSTANCES}hash() { h=$(sha256sum < "$1" 2>/dev/null); printf %s "\${h%% *}"; }
user=$1 group=$2 install=$3 pidfile=$4 manager=$5 secret=$6 verify=$7; shift 7
entry=$(getent passwd "$user") && {
  IFS=: read -r _ _ _ gid gecos _ <<< "$entry"
  primary=$(getent group "$gid"); say user "$gecos" "\${primary%%:*}"
}
getent group "$group" > /dev/null && say group
now=$(date +%s)
# What is at the paths, and the hashes of the files, by one process each.
declare -A seen_of sum_of
while IFS= read -r -d '' path && IFS= read -r -d '' seen; do seen_of[$path]=$seen; done < <(stat --printf '%n\\0%a:%U:%G:%Y:%Z:%F\\0' -- "$@" 2>/dev/null)
files=()
for path; do [ ! -f "$path" ] || [ -L "$path" ] || files+=("$path"); done
if [ \${#files[@]} -gt 0 ]; then
  while IFS= read -r -d '' line; do sum_of[\${line:66}]=\${line%% *}; done < <(sha256sum -z -- "\${files[@]}" 2>/dev/null)
fi
for path; do
  [ -e "$path" ] || [ -L "$path" ] || continue
  IFS=: read -r mode owner owners written changed kind <<< "\${seen_of[$path]}"
  # A deleted user or group has no name; its number is what chown takes.
  [ "$owner" != UNKNOWN ] || owner=$(stat -c %u -- "$path"); [ "$owners" != UNKNOWN ] || owners=$(stat -c %g -- "$path")
  sum= text= marked=no
  if [ "$kind" = 'regular file' ] || [ "$kind" = 'regular empty file' ]; then
    sum=\${sum_of[$path]}
    marked "$path" && marked=yes
    # Whole, since a part of a file shows lines as changed that are not. The text of a foreign file stays on the host.
    # A dot at the end keeps line feeds, which the shell would drop.
    case $path in
      "$secret"|"$secret.hxllm-new"|*/tls-key.pem|*/tls-key.pem.hxllm-new) ;;
      *) [ $marked = no ] || text="$(tr -d '\\0' < "$path"; printf .)";;
    esac
  fi
  say entry "$path" "$mode" "$owner" "$owners" "$kind" "$sum" "$marked" "$text" "$((now - written))" "$((now - changed))"
done
# A file counts as unchanged only with its original mode and owner; so do the runtime and its folders.
me=$(id -un)
fit() { [ "$(stat -c %a:%U -- "$1")" = "$2:$me" ]; }
[ -L "$install/current" ] && say current "$(readlink -- "$install/current")"
[ -f "$install/current/release.json" ] && say build "$(head -c 1000 -- "$install/current/release.json" | tr -d '\\0')"
for file in "$install"/releases/*/gateway "$install"/releases/*/gateway.mjs "$install"/releases/*/config.schema.json "$install"/releases/*/release.json; do
  [ -f "$file" ] || continue
  mode=755; case $file in *.mjs|*.json) mode=644;; esac
  sum=; fit "\${file%/*}" 755 && fit "$file" $mode && sum=$(hash "$file")
  say release "\${file#"$install/releases/"}" "$sum"
done
for folder in "$install"/releases/*; do
  [ -d "$folder" ] || continue
  say uses "\${folder##*/}" "$([ ! -f "$folder/gateway" ] || sed -n "/^exec '/{s|^exec '.*/runtimes/\\([^/']*\\)/bin/node'.*|\\1|p;q}" "$folder/gateway")"
done
${DEPLOYMENTS}for folder in "$install"/runtimes/*; do
  [ -d "$folder" ] || continue
  manifest=$folder/manifest sum= size= time= intact=no
  [ ! -f "$manifest" ] || read -r sum size time < "$manifest"
  if [ -n "$sum" ] && [ -f "$folder/bin/node" ] && fit "$folder/bin/node" 755 && fit "$folder" 755 && fit "$folder/bin" 755; then
    [ "$verify" = no ] && [ "$(stat -c '%s %Y' "$folder/bin/node")" = "$size $time" ] && intact=yes || { [ "$(hash "$folder/bin/node")" = "$sum" ] && intact=yes; }
  fi
  say runtime "\${folder##*/}" "$sum" "$intact"
  instances "$folder"
done
for file in /var/backups/litellm-*/put-back.sh; do [ -f "$file" ] && [ "$manager" != process ] && say backup "$file"; done
if [ "$manager" = process ]; then
  home=$(readlink -f "$install") pid= alive=no
  # Without a folder above it there is no path, and then no process is hxllm's.
  runs() { [ -n "$home" ] || return; exe=$(readlink "/proc/$1/exe" 2>/dev/null); case \${exe% (deleted)} in "$home"/*) true;; *) false;; esac; }
  read -r pid < "$pidfile" 2>/dev/null
  if [ -n "$pid" ] && runs "$pid"; then alive=yes
  else
    # The pid file may be lost, and the process not.
    for each in /proc/[0-9]*; do runs "\${each#/proc/}" && pid=\${each#/proc/} alive=yes && break; done
  fi
  [ -z "$pid" ] || say daemon "$pid" "$alive"
elif [ -d /run/systemd/system ]; then
  for unit in litellm.service litellm.socket; do
    # systemd keeps a unit in memory whose file is gone; the program of its process says whose it is.
    pid=$(systemctl show "$unit" -P MainPID 2>/dev/null); exe=
    [ "\${pid:-0}" = 0 ] || exe=$(readlink "/proc/$pid/exe" 2>/dev/null)
    say unit "$unit" "$(systemctl show "$unit" -p LoadState,ActiveState,UnitFileState,FragmentPath,NeedDaemonReload)" "\${exe% (deleted)}" "$(followers "$unit")"
  done
  # The instances of the gateway, and the one that a restart starts.
  for link in /etc/systemd/system/litellm.service.wants/litellm@*.service; do
    [ -L "$link" ] && inuse=\${link##*@} inuse=\${inuse%.service} && say in-use "$inuse"
  done
  for unit in $(systemctl list-units --all --plain --no-legend --full 'litellm@*.service' 2>/dev/null | grep -o 'litellm@[^ ]*[.]service'); do
    pid=$(systemctl show "$unit" -P MainPID 2>/dev/null); exe=
    number=\${unit#litellm@} number=\${number%.service}
    [ "\${pid:-0}" = 0 ] || { exe=$(readlink "/proc/$pid/exe" 2>/dev/null); alive=$((alive + 1)) lone=$number; }
    say instance-unit "$number" "$(systemctl show "$unit" -P ActiveState 2>/dev/null)" "\${exe% (deleted)}"
  done
  # Of several, only they know which one serves; and one that is not in use may only end its streams.
  [ "\${alive:-0}" -lt 1 ] || { [ "$alive" = 1 ] && [ "$lone" = "$inuse" ]; } || say instance-states "$(timeout 10 "$install/current/gateway" --control status 2>/dev/null | head -c 100000 | tr -d '\\0')"
  # The links of "systemctl enable" whose unit file is gone.
  for link in /etc/systemd/system/multi-user.target.wants/litellm.service /etc/systemd/system/sockets.target.wants/litellm.socket; do
    [ -L "$link" ] && [ ! -e "$link" ] && [ "$(readlink -m -- "$link")" = "/etc/systemd/system/\${link##*/}" ] && say dangling "$link"
  done
  for link in /etc/systemd/system/litellm.service.wants/litellm@*.service; do
    [ -L "$link" ] && [ ! -e "$link" ] && [ "$(readlink -m -- "$link")" = /etc/systemd/system/litellm@.service ] && say dangling "$link"
  done
fi
exit 0
`;
