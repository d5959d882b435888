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

/** Whether a process belongs to a unit of the system that runs LiteLLM. */
export function isLitellmUnit(one: Foreign): boolean {
  return (
    one.kind === 'process' &&
    one.unitOf === undefined &&
    /\.(?:service|socket)$/.test(one.unit ?? '') &&
    /litellm/i.test(`${one.unit} ${one.path} ${one.looksLike}`)
  );
}

// Unlike --machine=USER@.host it needs no D-Bus of the user's, which a small system lacks.
const USER_MANAGER = 'XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user';

/** The command that makes way for hxllm on a host. `process`: the login user's own installation, without root. */
export function makeWay(
  { kind, path, isFolder, pid, unit, unitOf, runs = [] }: Foreign,
  host: string,
  serviceManager: 'systemd' | 'process',
): string {
  const port = 'set another litellm_port in group_vars';
  if (kind === 'file' || isFolder === true) {
    const move = shellLine([...(serviceManager === 'systemd' ? ['sudo'] : []), 'mv', path, `${path}.foreign`]);
    return kind === 'file' ? `${move}  # on ${host}; or set another folder in group_vars` : `${move}  # on ${host}`;
  }
  if (kind === 'unit')
    return `${shellLine(['sudo', 'systemctl', 'stop', ...runs.map(({ name }) => name)])}  # on ${host}`;
  if (pid === undefined) return port;
  const stop =
    unitOf !== undefined && unit?.endsWith('.service') === true
      ? ['sudo', '-u', unitOf, 'sh', '-c', `${USER_MANAGER} disable --now ${quote(unit)}`]
      : unit !== undefined && /\.(?:service|socket)$/.test(unit)
        ? ['sudo', 'systemctl', 'disable', '--now', unit]
        : ['sudo', 'kill', String(pid)];
  return `${shellLine(stop)}  # on ${host}; or ${port}`;
}
