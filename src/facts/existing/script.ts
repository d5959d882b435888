import { SAY } from '../base64.ts';

/**
 * Lists every LiteLLM on the host: programs in virtual environments, units of the system and of users, containers, configuration files and
 * databases. Of a file or an environment only the words leave the host that are named here: a database URL without user and password.
 * Arguments: the program folder of hxllm, the mark of its files, and the root of the host (for tests).
 */
export const EXISTING_SCRIPT = `
install=$1 mark=$2 root=$3
${SAY}
marked() { [ -f "$1" ] && head -n 2 -- "$1" 2>/dev/null | grep -q "^$mark"; }
# Scheme, server and database of a URL. A URL that could show a part of a password is cut to its scheme.
place() {
  local url=$1 scheme rest
  url=\${url#[\\"\\']}; url=\${url%%[\\"\\']*}; url=\${url%%[[:space:]]*}
  case $url in *://*) ;; os.environ/*) echo "$url"; return;; *) echo 'a connection string'; return;; esac
  scheme=\${url%%://*} rest=\${url#*://}
  case $rest in
    *@*@*|*\\?*@*) echo "$scheme://…"; return;;
    *@*) rest=\${rest#*@};;
  esac
  rest=\${rest%%\\?*}
  [[ $rest =~ ^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(:[0-9]+)?(/[A-Za-z0-9._-]*)?$ ]] && echo "$scheme://$rest" || echo "$scheme://…"
}
# The database of a configuration or an environment file, without the lines that are comments.
database() {
  local line
  while IFS= read -r line; do
    line=\${line#*[:=]}; line=\${line#"\${line%%[![:space:]]*}"}
    [ -z "$line" ] || place "$line"
  done < <(grep -shE '^[[:space:]]*(export )?(DATABASE_URL=|database_url:)' -- "$1" 2>/dev/null) | sort -u | head -n 3
}
configs=() environments=()
# The configuration that a command line names, from the words of a unit or a process.
note_config() {
  local before='' word
  for word; do
    case $word in --config=*) configs+=("$root\${word#*=}");; *) case $before in --config|-c) case $word in /*) configs+=("$root$word");; esac;; esac;; esac
    before=$word
  done
}

# Virtual environments and other installations of Python: a program litellm beside the package.
while IFS= read -r -d '' program; do
  case $program in "$root$install"/*) continue;; 'ended 124') say cut; continue;; 'ended '*) continue;; esac
  bin=\${program%/*} home=\${program%/bin/litellm}
  package=$(find "$home"/lib -maxdepth 3 -type d -iname 'litellm-*.dist-info' -print -quit 2>/dev/null)
  version=\${package##*/}; version=\${version#*-}; version=\${version%.dist-info}
  python=$(sed -nE 's/^version(_info)? *= *([0-9.]+).*/\\2/p' "$home/pyvenv.cfg" 2>/dev/null | head -n 1)
  say program "\${program#"$root"}" "$version" "$python" "$(stat -c %U -- "$program")"
done < <(timeout 6 find "$root"/home "$root"/root "$root"/opt "$root"/srv "$root"/usr/local "$root"/var/lib -xdev -maxdepth 6 -path '*/bin/litellm' \\( -type f -o -type l \\) -print0 2>/dev/null; printf 'ended %s\\0' $?)

# Units by other names than hxllm’s, of the system and of each user.
unit_files=("$root"/etc/systemd/system/*.service "$root"/usr/local/lib/systemd/system/*.service "$root"/usr/lib/systemd/system/*.service "$root"/etc/systemd/user/*.service "$root"/root/.config/systemd/user/*.service "$root"/home/*/.config/systemd/user/*.service)
while IFS= read -r file; do
  [ -L "$file" ] || marked "$file" && continue
  case $file in */system/litellm.service) owner=own;; "$root"/home/*) owner=\${file#"$root"/home/}; owner=\${owner%%/*};; "$root"/root/*) owner=root;; */systemd/user/*) owner='any user';; *) owner='';; esac
  words=$(sed -nE 's/^[[:space:]]*ExecStart=//p' "$file" 2>/dev/null | head -n 1)
  note_config $words
  while IFS= read -r environment; do environments+=("$root\${environment#-}"); done < <(sed -nE 's/^[[:space:]]*EnvironmentFile=//p' "$file" 2>/dev/null)
  [ "$owner" != own ] || continue
  name=\${file##*/}
  if [ -n "$owner" ]; then
    [ "$owner" = 'any user' ] && state=unknown || state=$([ -d "/run/user/$(id -u -- "$owner" 2>/dev/null)/systemd" ] && grep -lqs "/user@$(id -u -- "$owner" 2>/dev/null).service/.*$name" /proc/[0-9]*/cgroup && echo active || echo inactive)
  else state=$(systemctl is-active -- "$name" 2>/dev/null); fi
  say unit "\${file#"$root"}" "$owner" "\${state:-unknown}"
done < <(grep -lis -- litellm "\${unit_files[@]}" 2>/dev/null)

# Containers, running and stopped, of the engines that root can ask. Without an answer in time there is none.
for engine in docker podman; do
  command -v "$engine" >/dev/null || continue
  timeout 5 "$engine" ps -a --format '{{.Names}}\\t{{.Image}}\\t{{.Status}}\\t{{.Ports}}' 2>/dev/null </dev/null | grep -i litellm | while IFS=$'\\t' read -r name image state ports; do
    say container "$engine" "$name" "$image" "$state" "$ports"
  done
done

# Processes: python with a program litellm, outside of hxllm’s own unit.
for dir in /proc/[0-9]*; do
  [ -z "$root" ] || break
  [ -r "$dir/cmdline" ] && grep -qa litellm "$dir/cmdline" 2>/dev/null || continue
  exe=$(readlink "$dir/exe" 2>/dev/null)
  case $exe in */python*|*/uvicorn|*/gunicorn) ;; *) continue;; esac
  mapfile -d '' -t words < "$dir/cmdline" 2>/dev/null
  note_config "\${words[@]}"
  unit=$(grep -oE '[^/]+\\.(service|scope)' "$dir/cgroup" 2>/dev/null | tail -n 1)
  port=; before=
  for word in "\${words[@]}"; do case $word in --port=*) port=\${word#*=};; *) [ "$before" != --port ] || port=$word;; esac; before=$word; done
  say process "\${dir#/proc/}" "$(stat -c %U "$dir")" "$unit" "$port"
  url=$(tr '\\0' '\\n' < "$dir/environ" 2>/dev/null | sed -n 's/^DATABASE_URL=//p' | head -n 1)
  [ -z "$url" ] || say database "the environment of process \${dir#/proc/}" "$(place "$url")"
done

configs+=("$root/etc/litellm/config.yaml") environments+=("$root/etc/litellm/litellm.env")
while IFS= read -r -d '' file; do
  [ -f "$file" ] && [ ! -L "$file" ] && ! marked "$file" || continue
  say config "\${file#"$root"}" "$(grep -csE '^[[:space:]]*-?[[:space:]]*"?model_name"?:' -- "$file")"
  url=$(database "$file"); [ -z "$url" ] || say database "\${file#"$root"}" "$url"
done < <(printf '%s\\0' "\${configs[@]}" | sort -zu)
while IFS= read -r -d '' file; do
  [ -f "$file" ] && ! marked "$file" || continue
  url=$(database "$file"); [ -z "$url" ] || say database "\${file#"$root"}" "$url"
done < <(printf '%s\\0' "\${environments[@]}" | sort -zu)
exit 0
`;
