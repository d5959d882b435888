import { FUNCTIONS } from '../../apply/functions.ts';
import { pathsOf, type HostConfig } from '../../config/config.ts';
import type { LogStart } from './log-start.ts';

/** A verb of the service on a host. */
export type ServiceVerb = 'status' | 'start' | 'stop' | 'restart' | 'reload';

/** A script and its arguments. */
export interface HostScript {
  readonly script: string;
  readonly args: readonly string[];
}

// systemd's own words, and the instances if the gateway has control sockets.
const SYSTEMD_STATUS = `systemctl show litellm.service -p LoadState -p ActiveState -p SubState -p MainPID -p Result -p ActiveEnterTimestamp
if [ -x "$1/gateway" ] && [ -d /run/litellm ]; then printf 'Instances='; "$1/gateway" --control status 2>/dev/null || echo; fi`;

// Without systemd: the process whose program lies in the install folder.
const PROCESS = `${FUNCTIONS}
recorder= install=$1 pidfile=$2 gateway=$3 config=$4 environment=$5 log=$6
pid=; read -r pid < "$pidfile" 2>/dev/null
runs() { [ -n "$pid" ] && ours "$pid" "$install"; }`;

const PROCESS_VERBS: Readonly<Record<ServiceVerb, string>> = {
  status: `[ -x "$gateway" ] && echo LoadState=loaded || echo LoadState=not-found
if runs; then echo ActiveState=active; echo SubState=running; echo "MainPID=$pid"; else echo ActiveState=inactive; echo SubState=dead; fi`,
  start:
    'runs || start_process "$gateway" "$config" "$environment" "$pidfile" "$log"; sleep 1; pid=$(cat "$pidfile"); runs || { tail -n 5 "$log" >&2; exit 1; }',
  stop: 'stop_process "$pidfile" "$install"',
  restart:
    'stop_process "$pidfile" "$install"; start_process "$gateway" "$config" "$environment" "$pidfile" "$log"; sleep 1; pid=$(cat "$pidfile"); runs || { tail -n 5 "$log" >&2; exit 1; }',
  reload:
    'runs || { echo "the gateway does not run" >&2; exit 1; }; (set -a; . "$environment"; "$gateway" --check --config "$config") >/dev/null && kill -HUP "$pid"',
};

/** The script of a verb for a host; its output for `status` are lines `NAME=VALUE`. */
export function serviceScript({ settings }: HostConfig, verb: ServiceVerb): HostScript {
  const { current, installDir, pidFile, configFile, envFile, logFile } = pathsOf(settings);
  if (settings.serviceManager === 'process')
    return {
      script: `${PROCESS}\n${PROCESS_VERBS[verb]}`,
      args: [installDir, pidFile, `${current}/gateway`, configFile, envFile, logFile],
    };
  return verb === 'status'
    ? { script: SYSTEMD_STATUS, args: [current] }
    : { script: `exec systemctl ${verb} litellm.service`, args: [] };
}

/** Which lines of the log. */
export interface LogChoice {
  readonly follow: boolean;
  readonly since: LogStart | undefined;
  readonly grep: string | undefined;
  readonly lines: number | undefined;
}

// The reader of the log is a child, so that the end of the input, which is that of the call, ends it: root's programs get no signal from
// the login user.
const FOLLOWED = `exec 3<&0; "$@" <&- & reader=$!
{ cat <&3 >/dev/null; kill "$reader" 2>/dev/null; } & watch=$!
wait "$reader"; code=$?; kill "$watch" 2>/dev/null; exit "$code"`;

/** The script that prints the log of a host: journald's JSON, or the gateway's own lines without systemd. */
export function logScript({ settings }: HostConfig, { follow, since, grep, lines }: LogChoice): HostScript {
  const count = lines ?? (since === undefined ? (follow ? 10 : 100) : undefined);
  const argv =
    settings.serviceManager === 'process'
      ? ['tail', '-n', String(count ?? '+1'), ...(follow ? ['-F'] : []), '--', pathsOf(settings).logFile]
      : [
          'journalctl',
          '-u',
          'litellm.service',
          '-o',
          'json',
          '--no-pager',
          '-q',
          ...(follow ? ['-f'] : []),
          ...(count === undefined ? [] : ['-n', String(count)]),
          ...(since === undefined ? [] : [`--since=${since.journal}`]),
          ...(grep === undefined ? [] : [`--grep=${grep}`]),
        ];
  return { script: follow ? FOLLOWED : 'exec "$@"', args: argv };
}
