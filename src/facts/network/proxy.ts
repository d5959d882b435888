import type { Question } from '../question.ts';

/** A proxy variable and where it is set. Passwords in its URL are left out on the host. */
export interface ProxyVariable {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  /** The unit gets it; otherwise only logins do. */
  readonly reachesUnit: boolean;
}

// systemd-system.conf(5), systemd.exec(5), environment(5). `manager` is the environment that systemd has now.
const SCRIPT = `service=$1 envfile=$2
# NAME="VALUE" without user and password. A value that could show a part of a password is cut to its scheme.
clean() {
  local name=\${1%%=*} value=\${1#*=} scheme=''
  name=\${name##*[^[:alnum:]_]} value=\${value//[\\"\\']/}
  [[ $value =~ ^[[:alpha:]][[:alnum:]+.-]*:// ]] && scheme=\${BASH_REMATCH[0]} value=\${value#"\${BASH_REMATCH[0]}"}
  value=\${value##*@}
  case $name in
    [nN]*) ;;
    *) [[ $value =~ ^(\\[[[:xdigit:]:.]+\\]|[[:alnum:]._-]*)(:[0-9]*)?/?$ ]] || value=…;;
  esac
  printf '%s="%s%s"' "$name" "$scheme" "$value"
}
# Of a line only the proxy variables leave the host: the same line may set keys and passwords.
show() {
  local text one
  text=$(grep -iE '(https?|all|no)_proxy' 2>/dev/null | grep -vE '^[[:space:]]*[#;]')
  while IFS= read -r one; do printf '%s\\t%s\\tUnsetEnvironment=%s\\n' "$1" "$2" "$one"; done < <(grep -E '^[[:space:]]*UnsetEnvironment=' <<< "$text" | grep -oiwE '(https?|all|no)_proxy')
  while IFS= read -r one; do printf '%s\\t%s\\t%s\\n' "$1" "$2" "$(clean "$one")"; done < <(grep -vE '^[[:space:]]*UnsetEnvironment=' <<< "$text" | grep -oiE "(^|[^[:alnum:]_])(https?|all|no)_proxy=(\\"[^\\"]*\\"|'[^']*'|[^[:space:]\\"']*)")
}
systemctl show-environment 2>/dev/null </dev/null | show unit manager
for file in /usr/lib/systemd/system.conf /usr/lib/systemd/system.conf.d/*.conf /run/systemd/system.conf.d/*.conf /etc/systemd/system.conf /etc/systemd/system.conf.d/*.conf; do
  [ -r "$file" ] && grep -E '^[[:space:]]*DefaultEnvironment=' "$file" | show unit "$file"
done
for folder in /usr/lib/systemd/system /run/systemd/system /etc/systemd/system; do
  for file in "$folder"/service.d/*.conf "$folder/$service.service.d"/*.conf; do
    [ -r "$file" ] && grep -E '^[[:space:]]*(Unset)?Environment=' "$file" | show unit "$file"
  done
done
[ -r "$envfile" ] && show unit "$envfile" < "$envfile"
for file in /etc/environment /etc/profile.d/*.sh /etc/environment.d/*.conf; do [ -r "$file" ] && show login "$file" < "$file"; done
exit 0`;

/** Asks for proxy variables, as root: the environment file is readable for root alone. */
export function proxyQuestion(service: string, environmentFile: string): Question<readonly ProxyVariable[]> {
  return {
    script: SCRIPT,
    arguments: [service, environmentFile],
    as: 'root',
    parse: ({ stdout }) => parseProxies(stdout),
  };
}

/** Parses the lines `unit|login SOURCE LINE`. A variable that the unit unsets does not reach it. */
export function parseProxies(text: string): readonly ProxyVariable[] {
  const found: ProxyVariable[] = [];
  const unset = new Set<string>();
  for (const line of text.split('\n')) {
    const [kind = '', source = '', setting = ''] = line.split('\t');
    if (/^\s*UnsetEnvironment=/.test(setting)) for (const [name] of setting.matchAll(/\w+_proxy/gi)) unset.add(name);
    else
      for (const [, name = '', quoted, plain = ''] of setting.matchAll(
        /\b((?:https?|all|no)_proxy)=(?:"([^"]*)"|([^\s"']*))/gi,
      ))
        found.push({ name, value: quoted ?? plain, source, reachesUnit: kind === 'unit' });
  }
  return found.map((one) => (unset.has(one.name) ? { ...one, reachesUnit: false } : one));
}

/** The hosts that the list of no_proxy does not exempt: names, domains with or without a dot, or `*`. */
export function hostsWithProxy(variables: readonly ProxyVariable[], hosts: readonly string[]): readonly string[] {
  const exempt = variables
    .filter(({ name, reachesUnit }) => reachesUnit && name.toLowerCase() === 'no_proxy')
    .flatMap(({ value }) => value.toLowerCase().split(/[\s,]+/))
    .map((entry) => entry.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .filter((entry) => entry !== '');
  return hosts.filter(
    (host) =>
      !exempt.some(
        (entry) => entry === '*' || host.toLowerCase() === entry || host.toLowerCase().endsWith(`.${entry}`),
      ),
  );
}
