import { AUDIT } from './audit.ts';
import { RECORD } from './host-record.ts';
import { INSTANCE_FUNCTIONS } from './instance-functions.ts';

/**
 * The bash functions that carry out actions on the host; a fixed text. `$nonce` marks the journal's lines. `$kept` is the
 * folder for replaced files, empty if nothing can be undone. The output of an action is shown only if it fails.
 */
export const FUNCTIONS = `
${RECORD}
${AUDIT}
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
umask 022
kept= begun=$EPOCHSECONDS
# In memory, since the new files may have filled the disk.
undos=()
say() { printf '%s\\n' "$nonce $*" 2>/dev/null || :; }
own() { [ "$1" = - ] || chown -- "$1" "$2"; }
folder() {
  if [ ! -d "$1" ]; then mkdir -- "$1" || return
  elif [ -n "$kept" ]; then undos+=("$(printf 'chown -- %q %q && chmod -- %q %q' "$(stat -c %u:%g -- "$1")" "$1" "$(stat -c %a -- "$1")" "$1")"); fi
  own "$3" "$1" && chmod -- "$2" "$1"
}
folder_back() {
  [ "$3" != - ] || { folder "$@"; return; }
  local owner=\${3%%:*} group=\${3#*:}
  case $owner in *[!0-9]*) getent passwd "$owner" > /dev/null || owner=0;; esac
  case $group in *[!0-9]*) getent group "$group" > /dev/null || group=0;; esac
  folder "$1" "$2" "$owner:$group"
}
stage() {
  rm -f -- "$1.hxllm-new" && (umask 077 && printf %s "$4" | base64 -d > "$1.hxllm-new") &&
    own "$3" "$1.hxllm-new" && chmod -- "$2" "$1.hxllm-new" && sync -- "$1.hxllm-new" || { echo "$1 could not be written"; return 1; }
}
keep() {
  [ -n "$kept" ] || return 0
  local copy=$kept/\${#undos[@]}
  if [ -e "$1" ] || [ -L "$1" ]; then
    cp -a -- "$1" "$copy" && undos+=("$(printf 'mv -fT -- %q %q' "$copy" "$1")")
  else
    undos+=("$(printf 'rm -f -- %q' "$1")")
  fi
}
# A rename that failed has changed nothing, so there is nothing to undo.
forget() { [ -z "$kept" ] || unset 'undos[-1]'; return 1; }
commit() { keep "$1" || return; mv -fT -- "$1.hxllm-new" "$1" || forget; }
link() { keep "$1" || return; rm -f -- "$1.hxllm-new" && ln -s -- "$2" "$1.hxllm-new" && mv -fT -- "$1.hxllm-new" "$1" || forget; }
remove() { for path; do keep "$path" || return; rm -f -- "$path" || forget || return; rm -f -- "$path.hxllm-new"; done; }
# A mount point stays, empty.
remove_tree() { rm -rf -- "$1" || { mountpoint -q -- "$1" && [ -z "$(ls -A -- "$1")" ]; }; }
remove_empty() { [ ! -d "$1" ] || rmdir --ignore-fail-on-non-empty -- "$1"; }
# A folder in a copy, with owner and mode of the original. By number, since the user may be deleted.
like() {
  [ ! -d "$1$2" ] || return 0
  [ -z "\${2%/*}" ] || like "$1" "\${2%/*}" || return
  mkdir -m 700 -- "$1$2" && chown --reference="$2" -- "$1$2" && chmod --reference="$2" -- "$1$2"
}
copy_all() {
  local new=$1 text=$2 path; shift 2
  mkdir -m 700 -- "$new" "$new/files" || return
  while [ "$1" != -- ]; do like "$new/files" "$1" || return; shift; done; shift
  for path; do
    like "$new/files" "\${path%/*}" && cp -a -T -- "$path" "$new/files$path" || return
    if [ -f "$path" ] && [ ! -L "$path" ]; then cmp -- "$path" "$new/files$path" || return; fi
  done
  (umask 077 && cd -- "$new/files" && find . -type f -exec sha256sum -- {} + > ../sha256sums && printf %s "$text" | base64 -d > ../put-back.sh) &&
    sync -f -- "$new"
}
copy() {
  [ ! -e "$1" ] && [ ! -L "$1" ] || { echo "$1 exists already"; return 1; }
  # Copies that were cut off.
  mkdir -p -- "\${1%/*}" && rm -rf -- "\${1%/*}"/litellm-*.hxllm-new || return
  copy_all "$1.hxllm-new" "\${@:2}" && mv -T -- "$1.hxllm-new" "$1" || { rm -rf -- "$1.hxllm-new"; return 1; }
}
check() (
  config=$2; [ ! -e "$2.hxllm-new" ] || config=$2.hxllm-new
  # A certificate and key that are sent lie beside their places, too.
  for name in tls-cert.pem tls-key.pem; do
    place=\${2%/*}/$name
    [ -e "$place.hxllm-new" ] || continue
    if [ -z "\${checked-}" ]; then
      checked=$(mktemp) && trap 'rm -f -- "$checked"' EXIT && cp -- "$config" "$checked" && chown --reference="$config" -- "$checked" && chmod --reference="$config" -- "$checked" || exit
      config=$checked
    fi
    sed -E -i 's#^( +(cert|key): "?'"$place"')("?)$#\\1.hxllm-new\\3#' -- "$checked" || exit
  done
  environment=$4; [ ! -e "$4.hxllm-new" ] || environment=$4.hxllm-new
  # Open for a user who may not read it, and in no environment.
  [ -e "$environment" ] || environment=/dev/null
  if [ "$3" = - ]; then timeout 60 "$1" --check --config "$config" --environment - < "$environment"; else timeout 60 runuser -u "$3" -- "$1" --check --config "$config" --environment - < "$environment"; fi
)
ours() {
  local exe home; exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return
  # Empty where a folder above it is missing: every process would be one below it.
  home=$(readlink -f "$2") && [ -n "$home" ] || return
  case \${exe% (deleted)} in "$home"/*) ;; *) return 1;; esac
}
start_process() (
  trap - HUP INT TERM PIPE
  # The gateway outlives this script and must hold neither the lock nor the record.
  [ -z "$recorder" ] || exec {recorder}>&-
  set -a; . "$3" || exit; set +a; cd / || exit
  setsid nohup "$1" --config "$2" < /dev/null >> "$5" 2>&1 9>&- &
  echo $! > "$4"
)
# Also a process whose pid file is lost.
stop_process() {
  local pid= tries each
  read -r pid < "$1" 2>/dev/null
  for each in "$pid" /proc/[0-9]*; do
    pid=\${each#/proc/}
    [ -n "$pid" ] && ours "$pid" "$2" || continue
    kill -TERM "$pid" 2>/dev/null
    for ((tries = 0; tries < 700; tries++)); do ours "$pid" "$2" || break; sleep 0.1; done
    if ours "$pid" "$2"; then kill -KILL "$pid" 2>/dev/null; fi
  done
  rm -f -- "$1"
}
plain_probe() {
  timeout 5 bash -c 'exec 5<> "/dev/tcp/$1/$2" || exit 3; printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "$3" "$1" >&5 && IFS= read -r line <&5; printf %s "$line"' probe "$@" 2>/dev/null
}
# A listener that answers no HTTP speaks TLS. Here its certificate is not judged: it is for the clients' name of the host.
probe() {
  local line code
  line=$(plain_probe "$@"); code=$?
  case $line in HTTP/*) printf %s "$line"; return;; esac
  [ $code -ne 3 ] && [ -x "$4" ] || return
  timeout 5 "$4" -e "https.get({ host: '$1', port: $2, path: '$3', agent: false, rejectUnauthorized: false }, (answer) => { fs.writeSync(1, 'HTTP/1.1 ' + answer.statusCode + ' '); answer.destroy(); }).on('error', () => {})" 2>/dev/null
}
restarts() { [ "$1" != unit ] || systemctl show -P NRestarts -- "$2"; }
# A unit that systemd keeps restarting counts as failed long before systemd gives up.
has_failed() {
  if [ "$1" = unit ]; then case $(systemctl show -P ActiveState "$2") in failed|inactive) return 0;; esac; [ "$(restarts "$1" "$2")" -ge $(($3 + 3)) ]; else ! kill -0 "$(cat "$2")" 2>/dev/null; fi
}
# The instances' own lines are those of litellm.service.
journal_of() { journalctl -u litellm.service -u "$1" --since "@$begun" --no-pager -o cat | grep -av '"event":"request"' | tail -n 20; }
health() {
  local until=$((SECONDS + $4)) line= restarted
  restarted=$(restarts "$5" "$6")
  while :; do
    line=$(probe "$1" "$2" "$3" "$8"); line=\${line%$'\\r'}
    case $line in 'HTTP/1.'?' 200 '*) return 0;; esac
    if has_failed "$5" "$6" "$restarted"; then echo 'it ended'; break; fi
    if [ "$SECONDS" -ge "$until" ]; then echo "no 200 within $4 s, the last answer was: \${line:-none}"; break; fi
    sleep 0.1
  done
  if [ "$5" = unit ]; then journal_of "$6"; else tail -n 20 -- "$7"; fi
  return 1
}
${INSTANCE_FUNCTIONS}
# In reverse order; continues after a failure, so that as much as possible is restored.
undo() {
  local each code=0
  for ((each = \${#undos[@]} - 1; each >= 0; each--)); do eval "\${undos[each]}" || code=1; done
  return $code
}
# An interruption ends a script between two steps.
interrupted() { [ -n "$HXLLM_WORK" ] && [ -e "$HXLLM_WORK/stop" ]; }
# A file for the output of a step: in memory, so that a full disk does not lose the reason of a failure, and where there is room.
choose_printed() {
  local place
  for place in "$HXLLM_WORK" /dev/shm /run "\${TMPDIR:-/tmp}"; do
    [ -n "$place" ] && printed=$(mktemp -p "$place" hxllm.XXXXXXXXXX 2>/dev/null) || continue
    { printf '%8000s' '' > "$printed"; } 2>/dev/null && return
    rm -f -- "$printed"
  done
  printed=/dev/null
}
forget_printed() { [ "$printed" = /dev/null ] || rm -f -- "$printed"; }
carried=()
# Runs a step's function; its output is reported only if it fails.
attempt() {
  local begin=$EPOCHREALTIME
  { : > "$printed"; } 2>/dev/null || choose_printed
  "$1_$2" < /dev/null > "$printed" 2>&1
  local code=$? ms=$(((\${EPOCHREALTIME/[.,]/} - \${begin/[.,]/}) / 1000))
  [ $code = 0 ] || { say failed "$2" $ms "$(tail -c 4000 "$printed" | base64 -w0)"; record failed "\${ids[$2]}"; return $code; }
  [ "$1" = step ] || return 0
  say done "$2" $ms; record done "\${ids[$2]}"; carried+=("\${ids[$2]}")
}
`;
