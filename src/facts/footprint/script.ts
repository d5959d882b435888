import { STATE_FILES, STATE_FOLDERS } from '../../core/state-files.ts';
import { SAY } from '../base64.ts';
import { MARKED } from '../marked.ts';

/**
 * Prints one line for each marker, folder, user and group, values in base64. `$1` config folder, `$2` install folder, `$3`
 * the unit, `$4` user, `$5` group, `$6` service manager, `$7` the gateway's state folder; the rest are further folders to look at. A marker names more
 * folders, where another marker may be, so the list grows while it is read.
 */
export const FOOTPRINT_SCRIPT = `
${SAY}${MARKED}
config=$1 install=$2 unit=$3 account=$4 manager=$6 state=$7 unit_install=
folders=() users=() groups=() searched=()
among() { local word=$1 each; shift; for each; do [ "$each" = "$word" ] && return; done; return 1; }
folder() {
  case $1/ in /*/../*|/|//*|[!/]*) return;; esac
  among "$1" "\${folders[@]}" || folders+=("$1")
}
# Folders of hxllm itself are searched for files of a user or group; parents that it created are not.
own() { folder "$1"; among "$1" "\${searched[@]}" || searched+=("$1"); }
user() { [ -z "$1" ] || [ "$1" = root ] || among "$1" "\${users[@]}" || users+=("$1"); }
group() { [ -z "$1" ] || [ "$1" = root ] || among "$1" "\${groups[@]}" || groups+=("$1"); }
group_id=$(getent group -- "$5" | cut -d: -f3)
folder "$config"; folder "$install"; own "$state"; user "$4"; group "$5"; shift 7
for each; do folder "$each"; done
if marked "$unit"; then
  value() { sed -n "s/^$1=//p" "$unit" | head -n 1; }
  environment=$(value EnvironmentFile) program=$(value ExecStart) reload=$(value ExecReload)
  # Its program and environment before there were instances; the last words of its reload since then.
  case $program in
    *"/current/gateway "*) unit_install=\${program%%/current/gateway *};;
    *) environment=\${reload##* }; environment=\${environment%/*}/litellm.env reload=\${reload% *}; unit_install=\${reload##* };;
  esac
  own "\${environment%/litellm.env}"; own "$unit_install"; user "$(value User)"; group "$(value Group)"
  say unit "\${environment%/litellm.env}" "$unit_install" "$(value User)" "$(value Group)"
fi
for ((n = 0; n < \${#folders[@]}; n++)); do
  marker=\${folders[n]}/.hxllm
  marked "$marker" || continue
  say marker "\${folders[n]}" "$(tr -d '\\0' < "$marker")"
  while read -r word kind thing; do
    case "$word $kind" in
      'made folder') folder "$thing";;
      'made access') thing=\${thing#* }; folder "\${thing#* }";;
      'used config-dir'|'used install-dir') own "$thing";;
      'made user'|'used user') user "$thing";;
      'made group'|'used group') group "$thing";;
    esac
  done < "$marker"
done
# Links resolved, in one process for all of them.
mapfile -d '' -t resolved < <(readlink -mz -- "$config" "$install" "\${folders[@]}")
declare -A real_of=(["$config"]=\${resolved[0]} ["$install"]=\${resolved[1]})
for ((n = 0; n < \${#folders[@]}; n++)); do real_of[\${folders[n]}]=\${resolved[n+2]}; done
# Mode and owners of each, behind links. Folders that are missing have none.
declare -A seen_of
while IFS= read -r -d '' name && IFS= read -r -d '' seen; do seen_of[$name]=$seen; done < <(stat -L --printf '%n\\0%a:%U:%G\\0' -- "\${folders[@]}" 2>/dev/null)
# The kernel writes a blank of a path as \\040.
declare -A mounted
while read -r _ _ _ _ point _; do printf -v point %b "$point"; mounted[$point]=yes; done < /proc/self/mountinfo
same() { [ "$1" = "$2" ] || [ "$1" -ef "$2" ] || [ "\${real_of[$1]}" = "\${real_of[$2]}" ]; }
yes() { if "$@"; then printf yes; else printf no; fi; }
# An access list may open a folder to an account that exists.
enters() { getent passwd -- "$account" > /dev/null && timeout 5 runuser -u "$account" -- test -x "$1" 2>/dev/null; }
shopt -s nullglob dotglob
for each in "\${folders[@]}"; do
  kind=missing ours= names= listen=
  if [ -d "$each" ]; then
    kind=folder
    for name in config.yaml litellm.env ca.pem tls-cert.pem tls-key.pem .hxllm; do marked "$each/$name" && ours="$ours$name "; done
    if marked "$each/config.yaml"; then listen=$(grep -m 1 '^ *listen: ' "$each/config.yaml"); fi
    # The files of the state have no place for a mark.
    for name in ${STATE_FILES.join(' ')}; do [ "$each" = "$state" ] && [ -f "$each/$name" ] && ours="$ours$name "; done
    for name in ${STATE_FOLDERS.join(' ')}; do [ "$each" = "$state" ] && [ -d "$each/$name" ] && ours="$ours$name "; done
    # A lost or unreadable marker: hxllm's unit says that the folder is hxllm's.
    if marked "$each/.hxllm" || [ "$each" = "$unit_install" ]; then
      for name in current deployments releases runtimes .previous .hxllm-record .hxllm; do
        case " $ours" in *" $name "*) continue;; esac
        if [ -e "$each/$name" ] || [ -L "$each/$name" ]; then ours="$ours$name "; fi
      done
    fi
    [ -z "$ours" ] || own "$each"
    entries=("$each"/*)
    [ \${#entries[@]} = 0 ] || printf -v names '%s\\n' "\${entries[@]:0:200}"
    names=\${names//"$each/"/}; names=\${names%$'\\n'}
  elif [ -e "$each" ]; then kind=other
  elif [ -L "$each" ]; then kind=dangling-link
  fi
  IFS=: read -r mode owner owners <<< "\${seen_of[$each]}"
  # A deleted user or group has no name; its number is what chown takes.
  [ "$owner" != UNKNOWN ] || owner=$(stat -Lc %u -- "$each"); [ "$owners" != UNKNOWN ] || owners=$(stat -Lc %g -- "$each")
  # Folders above it that others could rename it in, and those through which the service does not get.
  above= closed= place=
  if [ "$manager" != process ] && { same "$each" "$config" || same "$each" "$install" || [ "$each" = "$state" ]; }; then
    place=\${real_of[$each]} real=$place
    while real=\${real%/*}; [ -n "$real" ]; do
      [ -d "$real" ] || continue
      IFS=: read -r bits by uid gid <<< "$(stat -c '%a:%U:%u:%g' -- "$real")"
      bits=$((8#$bits))
      if [ "$uid" != 0 ]; then above="$above$real belongs to $by"$'\\n'
      elif [ $((bits & 8#1002)) = 2 ]; then above="$above$real may be written by everybody"$'\\n'
      fi
      [ $((bits & 1)) = 1 ] || { [ "$gid" = "$group_id" ] && [ $((bits & 8)) = 8 ]; } || enters "$real" || closed="$closed$real may be entered by its owner and group alone"$'\\n'
    done
  fi
  say folder "$each" $kind "$(yes [ -L "$each" ])" "\${mounted[\${real_of[$each]}]:-no}" "$(yes same "$each" "$config")" "$(yes same "$each" "$install")" "$(yes [ "$each" = "$state" ])" "$mode" "$owner" "$owners" "$ours" "$listen" "$above" "$names" "$closed" "$place"
done
[ "$manager" != process ] || exit 0
for each in /var/backups/litellm-*; do [ -d "$each" ] && searched+=("$each"); done
owned() { for each in "\${searched[@]}"; do find -H "$each" -xdev "$@" 2>/dev/null; done | sort -u | head -n 20; }
for name in "\${users[@]}"; do
  entry=$(getent passwd -- "$name") || continue
  IFS=: read -r _ _ uid gid gecos _ <<< "$entry"
  say user "$name" "$uid" "$gid" "$gecos" "$(owned -uid "$uid")"
done
for name in "\${groups[@]}"; do
  entry=$(getent group -- "$name") || continue
  IFS=: read -r _ _ gid _ <<< "$entry"
  primary=$(getent passwd | while IFS=: read -r each _ _ number _; do [ "$number" = "$gid" ] && printf '%s\\n' "$each"; done)
  say group "$name" "$gid" "$primary" "$(owned -gid "$gid")"
done
exit 0
`;
