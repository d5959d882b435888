import { decodeBase64, SAY } from './base64.ts';
import type { Question } from './question.ts';

/** A unit of the gateway, in systemd's words. */
export interface UnitHealth {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  /** `success`, or the kind of the last failure: `exit-code`, `signal`, `start-limit-hit`, `resources` … */
  readonly result: string;
  /** `enabled`, `disabled`, `masked` …; empty without a unit file. */
  readonly enabled: string;
  /** The exit code of the last main process. */
  readonly exitStatus: number;
}

/** The state of the gateway's service on a host, for a diagnosis. */
export interface ServiceHealth {
  /** A release of hxllm is there. */
  readonly installed: boolean;
  /** `undefined` for the service manager `process`, or if systemd does not answer. */
  readonly service: UnitHealth | undefined;
  readonly socket: UnitHealth | undefined;
  /** For the service manager `process`: the program runs. */
  readonly process: boolean | undefined;
  /** SHA-256 of the requested files that exist, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The last lines of its log, the oldest first. */
  readonly log: readonly string[];
  /** The verdict of the installed gateway on its own configuration; `undefined` without a release. */
  readonly check: { readonly exitCode: number; readonly text: string } | undefined;
  /** The text of config.yaml; empty if there is none. */
  readonly config: string;
}

/** Parameters of the question. */
export interface ServicePlace {
  readonly serviceManager: 'systemd' | 'process';
  readonly current: string;
  readonly installDir: string;
  readonly configFile: string;
  readonly envFile: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly user: string;
  /** Files to hash. */
  readonly files: readonly string[];
}

// The log is bounded: a gateway that fails in a loop writes much.
const SCRIPT = `${SAY}
manager=$1 current=$2 install=$3 config=$4 env=$5 pidfile=$6 log=$7 user=$8; shift 8
[ ! -x "$current/gateway" ] || say installed
if [ "$manager" = systemd ]; then
  for unit in litellm.service litellm.socket; do
    say unit "$unit" "$(systemctl show "$unit" -p LoadState -p ActiveState -p SubState -p Result -p UnitFileState -p ExecMainStatus 2>/dev/null)"
  done
  say log "$(journalctl -u litellm.service -u litellm.socket -n 200 -o cat --no-pager -q 2>/dev/null | tail -c 60000)"
else
  pid=; read -r pid < "$pidfile" 2>/dev/null
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null); home=$(readlink -f "$install")
  case \${exe% (deleted)} in "\${home:-/nowhere}"/*) say process yes;; *) say process no;; esac
  say log "$(tail -n 200 -- "$log" 2>/dev/null | tail -c 60000)"
fi
for file; do [ ! -f "$file" ] || { sum=$(sha256sum < "$file"); say file "$file" "\${sum%% *}"; }; done
[ ! -f "$config" ] || say config "$(head -c 200000 -- "$config"; printf .)"
if [ -x "$current/gateway" ] && [ -f "$config" ]; then
  text=$( [ ! -f "$env" ] || { set -a; . "$env"; set +a; }
    if [ "$manager" = systemd ]; then timeout 20 runuser -u "$user" -- "$current/gateway" --check --config "$config"
    else timeout 20 "$current/gateway" --check --config "$config"; fi 2>&1 </dev/null )
  say check "$?" "$(printf %s "$text" | tail -c 4000)"
fi
exit 0`;

/** Asks for the units, the log, the files and the configuration of the gateway's service. Nothing is changed. */
export function serviceHealthQuestion(place: ServicePlace): Question<ServiceHealth> {
  const { serviceManager, current, installDir, configFile, envFile, pidFile, logFile, user, files } = place;
  return {
    script: SCRIPT,
    arguments: [serviceManager, current, installDir, configFile, envFile, pidFile, logFile, user, ...files],
    as: 'root',
    timeoutS: 40,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that looks at the service exited with ${String(exitCode)}`);
      return parseServiceHealth(stdout);
    },
  };
}

/** Parses the lines of {@link serviceHealthQuestion}. */
export function parseServiceHealth(stdout: string): ServiceHealth {
  const lines = stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .map(([word = '', ...values]) => ({ word, values: values.map(decodeBase64) }));
  const all = (word: string): readonly (readonly string[])[] =>
    lines.filter((line) => line.word === word).map(({ values }) => values);
  const [check] = all('check');
  const [process] = all('process');
  const units = new Map(all('unit').map(([name = '', text = '']) => [name, readUnit(text)]));
  return {
    installed: all('installed').length > 0,
    service: units.get('litellm.service'),
    socket: units.get('litellm.socket'),
    process: process === undefined ? undefined : process[0] === 'yes',
    files: new Map(all('file').map(([path = '', hash = '']) => [path, hash])),
    log: (all('log')[0]?.[0] ?? '').split('\n').filter((line) => line !== ''),
    check: check === undefined ? undefined : { exitCode: Number(check[0]), text: check[1] ?? '' },
    config: (all('config')[0]?.[0] ?? '').slice(0, -1),
  };
}

// Lines of systemctl-show(1), `Name=value`.
function readUnit(text: string): UnitHealth | undefined {
  const values = new Map(
    text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)] as const),
  );
  if (!values.has('LoadState')) return undefined;
  const value = (name: string): string => values.get(name) ?? '';
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    sub: value('SubState'),
    result: value('Result'),
    enabled: value('UnitFileState'),
    exitStatus: Number(value('ExecMainStatus') || '0'),
  };
}
