import { quote, shellLine } from '../core/shell.ts';
import type { Foreign } from './foreign.ts';

/** Foreign things that hxllm could not put back and therefore does not take over. */
export function untakeable(foreign: readonly Foreign[]): readonly Foreign[] {
  return foreign.filter((one) => {
    // A file cannot take the place of a folder, and its files are not hxllm's to move.
    if (one.isFolder === true) return true;
    if (one.kind === 'unit') return one.masked === true ? one.runs?.some((unit) => unit.active) : vanishes(one);
    return one.kind === 'process' && (!isLitellmUnit(one) || vanishes(one));
  });
}

// A unit of systemd-run is gone once it stops, and a unit without its file cannot be started again.
function vanishes({ runs = [] }: Foreign): boolean {
  return runs.some(
    ({ active, fragment }) => active && (fragment === '' || fragment.startsWith('/run/systemd/transient/')),
  );
}

/** Whether a process belongs to a unit of the system that runs LiteLLM, and nothing else. */
export function isLitellmUnit(one: Foreign): boolean {
  return (
    one.kind === 'process' &&
    one.isGuest !== true &&
    one.unitOf === undefined &&
    /\.(?:service|socket)$/.test(one.unit ?? '') &&
    /litellm/i.test(`${one.unit} ${one.path} ${one.looksLike}`)
  );
}

// Unlike --machine=USER@.host it needs no D-Bus of the user's, which a small system lacks.
const USER_MANAGER = 'XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user';

/** The command that makes way for hxllm on a host, or the variable to set where a command would stop other programs too. */
export function makeWay(
  one: Foreign,
  host: string,
  { serviceManager, port }: { readonly serviceManager: 'systemd' | 'process'; readonly port: number },
): string {
  const { kind, path, isFolder, pid, unit, unitOf, runs = [] } = one;
  const another = 'set another litellm_port in group_vars';
  if (kind === 'file' || isFolder === true) {
    const move = shellLine([...(serviceManager === 'systemd' ? ['sudo'] : []), 'mv', path, `${path}.foreign`]);
    return kind === 'file' ? `${move}  # on ${host}; or set another folder in group_vars` : `${move}  # on ${host}`;
  }
  if (kind === 'unit')
    return `${shellLine(['sudo', 'systemctl', 'stop', ...runs.map(({ name }) => name)])}  # on ${host}`;
  if (pid === undefined) return another;
  if (path.endsWith('/docker-proxy'))
    return `sudo docker ps --filter publish=${String(port)}  # on ${host}: names the container; stop it, or ${another}`;
  const [, engine, container] = /^(docker|libpod)-([0-9a-f]{12})[0-9a-f]*\.scope$/.exec(unit ?? '') ?? [];
  if (container !== undefined)
    return `sudo ${engine === 'docker' ? 'docker' : 'podman'} stop ${container}  # on ${host}; or ${another}`;
  if (servesOthers(one)) return `${another}  # ${unit ?? path} on ${host} serves more than this port`;
  const stop =
    unitOf !== undefined && unit?.endsWith('.service') === true
      ? ['sudo', '-u', unitOf, 'sh', '-c', `${USER_MANAGER} disable --now ${quote(unit)}`]
      : unit !== undefined && one.isGuest !== true && /\.(?:service|socket)$/.test(unit)
        ? // "disable" refuses a unit whose file is gone, and stops nothing.
          [
            'sudo',
            'systemctl',
            ...(runs.some(({ fragment }) => fragment === '') ? ['stop'] : ['disable', '--now']),
            unit,
          ]
        : ['sudo', 'kill', String(pid)];
  const starter = one.isGuest === true ? `; ${unit ?? ''} started it` : '';
  return `${shellLine(stop)}  # on ${host}${starter}; or ${another}`;
}

// Through sshd hxllm itself reaches the host, also where it listens on this port alone.
function servesOthers({ path, unit, isGuest, otherPorts = [] }: Foreign): boolean {
  return (
    isGuest !== true &&
    (otherPorts.length > 0 || path.endsWith('/sshd') || /^sshd?\.(?:service|socket)$/.test(unit ?? ''))
  );
}
