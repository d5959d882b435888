import { MARK } from '../../core/mark.ts';
import { SAY } from '../base64.ts';

/**
 * Prints the drop-ins of the units `$1` (service) and `$2` (socket): `dropin UNIT PATH TEXT`, the ones with precedence first.
 * `merged UNIT TEXT` has the settings that systemd made of hxllm's unit and its drop-ins, if it has read all of them; of the service it
 * has those of an instance, the unit `$3`.
 */
export const DROP_IN_SCRIPT = `
${SAY}
shopt -s nullglob
root=\${1%/etc/systemd/system/*}
folders=
[ -n "$root" ] || folders=$(timeout 5 systemctl show -p UnitPath --value 2>/dev/null)
# The order of systemd.unit(5), for a host whose systemd does not answer.
[ -n "$folders" ] || folders="/etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /run/systemd/generator.early /etc/systemd/system /etc/systemd/system.attached /run/systemd/system /run/systemd/system.attached /run/systemd/generator /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system /run/systemd/generator.late"
shown() { timeout 5 systemctl show "$1" -p LoadState,NeedDaemonReload,FragmentPath,DropInPaths,Type,User,Group,DynamicUser,ExecStart,ExecReload,EnvironmentFiles,WorkingDirectory,RootDirectory,MemoryDenyWriteExecute,PrivateNetwork,Listen,Accept 2>/dev/null; }
for path in "$1" "$2"; do
  unit=\${path##*/} found=
  show=
  [ -n "$root" ] || show=$(shown "$unit")
  names="$unit.d \${unit##*.}.d"
  [ "$path" != "$1" ] || names="$unit.d litellm@.service.d service.d"
  for name in $names; do
    for folder in $folders; do
      # The generator's links to the drop-ins of litellm.service.
      [ "$name" != litellm@.service.d ] || [ "$folder" != /run/systemd/generator ] || continue
      for file in "$root$folder/$name/"*.conf; do
        [ -f "$file" ] || [ "$(readlink -f -- "$file")" = /dev/null ] || continue
        # /lib is often a link to /usr/lib.
        real=$(readlink -f -- "\${file%/*}")/\${file##*/}
        case $found in *"|$real|"*) continue;; esac
        found="$found|$real|"
        say dropin "$unit" "$file" "$(head -c 65536 -- "$file" | tr -d '\\0')"
      done
    done
  done
  # Those of the unit's other names.
  for file in $(printf '%s\\n' "$show" | sed -n 's/^DropInPaths=//p'); do
    [ -f "$file" ] || continue
    case $found in *"|$(readlink -f -- "\${file%/*}")/\${file##*/}|"*) continue;; esac
    say dropin "$unit" "$file" "$(head -c 65536 -- "$file" | tr -d '\\0')"
  done
  case $'\\n'$show$'\\n' in *$'\\n'LoadState=loaded$'\\n'*) ;; *) continue;; esac
  case $'\\n'$show$'\\n' in *$'\\n'NeedDaemonReload=no$'\\n'*) ;; *) continue;; esac
  case $'\\n'$show$'\\n' in *$'\\n'"FragmentPath=$path"$'\\n'*) ;; *) continue;; esac
  if [ "$path" = "$1" ]; then
    path=$3 show=$(shown litellm@0.service)
    case $'\\n'$show$'\\n' in *$'\\n'NeedDaemonReload=no$'\\n'*) ;; *) continue;; esac
    case $'\\n'$show$'\\n' in *$'\\n'"FragmentPath=$path"$'\\n'*) ;; *) continue;; esac
  fi
  head -n 2 -- "$path" | grep -q '^${MARK}' && say merged "$unit" "$show"
done
exit 0
`;
