import type { DropIn } from '../facts/drop-ins/drop-ins.ts';
import { isLitellmUnit } from '../facts/untakeable.ts';
import type { Foreign, ForeignUnit } from '../facts/foreign.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';

/** The files, folders and units that a take-over replaces. */
export interface Replaced {
  /** Files and links that existed before and that the switch replaces or removes, hxllm's own too; each is copied. */
  readonly copies: readonly string[];
  /** Files and links that did not exist before. Putting back removes them, and nothing else. */
  readonly created: readonly string[];
  /** Folders whose owner and mode the switch may change. */
  readonly folders: readonly string[];
  /** Units of others, which the switch stops. */
  readonly units: readonly ForeignUnit[];
  /** Drop-ins of the foreign unit with which hxllm's could not run. */
  readonly dropIns: readonly DropIn[];
}

/** The folder for the copies. Of two take-overs in one second, the second one has a number. */
export function backupFolder({ timestamp, installation }: Actual): string {
  const name = `/var/backups/litellm-${timestamp}`;
  const isTaken = (folder: string): boolean => installation.backups.includes(`${folder}/put-back.sh`);
  let folder = name;
  for (let count = 2; isTaken(folder); count++) folder = `${name}-${String(count)}`;
  return folder;
}

/** The things that a take-over replaces and creates. */
export function replacedBy({ files, paths }: Desired, { foreign, installation, dropIns }: Actual): Replaced {
  const { entries } = installation;
  const units = takenUnits(foreign);
  const isTaken = (name: string): boolean => units.some((unit) => unit.name === name);
  // Only the drop-ins of the unit's own name: those of all services belong to no installation.
  const broken = dropIns.filter(
    (one) => one.breaks.length > 0 && isTaken(one.unit) && /^\/(?:etc|run)\/.*\/litellm\.\w+\.d\/[^/]+$/.test(one.path),
  );
  const written = [...files.map((file) => file.path), paths.current];
  const links = units.flatMap((unit) => unit.links);
  const { inUse } = installation;
  const instance = inUse === undefined ? [] : [`${paths.instanceLinks}/litellm@${String(inUse)}.service`];
  const existing = [...written.filter((path) => entries.has(path)), ...instance];
  const enabling = ENABLING.filter(
    ({ unit, path }) => !links.includes(path) && (isTaken(unit) || !entries.has(`/etc/systemd/system/${unit}`)),
  );
  return {
    copies: [...new Set([...existing, ...links, ...broken.map((one) => one.path)])],
    created: [
      ...files.map((file) => file.path).filter((path) => !entries.has(path)),
      ...enabling.map(({ path }) => path),
    ].filter((path) => !existing.includes(path)),
    folders: [paths.configDir, paths.installDir].filter((path) => entries.get(path)?.kind === 'folder'),
    units,
    dropIns: broken,
  };
}

// The links that `systemctl enable` makes for hxllm's units.
const ENABLING = [
  { unit: 'litellm.service', path: '/etc/systemd/system/multi-user.target.wants/litellm.service' },
  { unit: 'litellm.socket', path: '/etc/systemd/system/sockets.target.wants/litellm.socket' },
];

/** The units that a take-over stops and disables, each once. */
export function takenUnits(foreign: readonly Foreign[]): readonly ForeignUnit[] {
  const units = foreign.flatMap((one) => (one.kind === 'unit' || isLitellmUnit(one) ? (one.runs ?? []) : []));
  return [...new Map(units.map((unit) => [unit.name, unit])).values()];
}

/**
 * The units of others that systemd stops together with the units of a switch, hxllm's own included; nothing else starts them again.
 * `before` are all of them. `after` are those that can run with hxllm's units: a start of the others would start the replaced
 * unit too.
 */
export function followersOf({ installation: { service, socket }, foreign }: Pick<Actual, 'installation' | 'foreign'>): {
  readonly before: readonly string[];
  readonly after: readonly string[];
} {
  const taken = takenUnits(foreign);
  const others = taken.filter(({ name }) => !OWN_UNITS.includes(name));
  const own = taken.filter(({ name }) => OWN_UNITS.includes(name));
  const switched = new Set([...OWN_UNITS, ...taken.map(({ name }) => name)]);
  const following = (units: readonly ({ readonly followers: readonly string[] } | undefined)[]): readonly string[] =>
    [...new Set(units.flatMap((unit) => unit?.followers ?? []))].filter(
      (name) => !switched.has(name) && !/^litellm@\w+\.service$/.test(name),
    );
  const replaced = following(others);
  return {
    before: following([service, socket, ...taken]),
    after: following([service, socket, ...own]).filter((name) => !replaced.includes(name)),
  };
}

const OWN_UNITS = ['litellm.socket', 'litellm.service'];
