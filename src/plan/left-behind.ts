import { USER_GECOS } from '../core/mark.ts';
import { allNotes, type Footprint } from '../facts/footprint/footprint.ts';
import { noted, writeNotes } from '../facts/installation/notes.ts';
import type { HostPaths, Settings } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { isRemoved, type AccountRemoval, type Removal } from './footprint.ts';
import type { Action } from './plan.ts';

/** The markers of folders that stay with things of others: a later enforce may use such a folder again, and a later uninstall finishes. */
export function leftMarkers(
  { serviceManager }: Settings,
  removal: Removal,
  accounts: readonly AccountRemoval[],
  footprint: Footprint,
): readonly Extract<Action, { kind: 'write' }>[] {
  const { made, used } = allNotes(footprint);
  const names = new Set(accounts.map(({ kind, name }) => `${kind} ${name}`));
  const stays = (path: string): boolean => footprint.folders.get(path)?.kind === 'folder' && !isRemoved(removal, path);
  const text = writeNotes({
    made: made.filter((thing) => names.has(thing) || noted([thing], 'folder').some(stays)),
    used: used.filter((thing) => removal.staying.has(thing.slice(thing.indexOf(' ') + 1))),
    confirmed: undefined,
  });
  const root = serviceManager === 'systemd' ? 'root' : undefined;
  return [...removal.staying.keys()].map((folder) => ({
    kind: 'write',
    path: `${folder}/.hxllm`,
    owner: root,
    group: root,
    mode: 0o600,
    text,
  }));
}

/** The text of a marker that is on the host. */
export function textIn(marker: string, { markers }: Footprint): string | undefined {
  const notes = markers.get(marker.slice(0, marker.lastIndexOf('/')));
  return notes === undefined ? undefined : writeNotes(notes);
}

/** The lines about folders and accounts of hxllm that stay; `kept` are names of files that stay since the operator said so. */
export function stayingLines(
  { staying }: Removal,
  accounts: readonly AccountRemoval[],
  kept: ReadonlySet<string>,
): readonly string[] {
  const shown = (names: readonly string[]): string =>
    names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${String(names.length - 3)} more` : names.join(', ');
  return [
    ...[...staying].flatMap(([path, names]) => {
      const [data, others] = [names.filter((name) => kept.has(name)), names.filter((name) => !kept.has(name))];
      return [
        ...(data.length > 0 ? [`${path}: ${shown(data)}, the gateway’s data, by --keep-data`] : []),
        ...(others.length > 0 ? [`${path}: it holds ${shown(others)}, which hxllm did not install`] : []),
      ];
    }),
    ...accounts.map(({ kind, name, owns, primaryOf }) => {
      const why = [
        ...(owns.length > 0 ? [`it owns ${shown(owns)}`] : []),
        ...(primaryOf.length > 0 ? [`it is the primary group of ${shown(primaryOf)}`] : []),
      ];
      return `the ${kind} ${name}: ${why.join(', and ')}`;
    }),
  ];
}

/** The lines about things at hxllm's paths that are not hxllm's, and about copies. */
export function leftOvers(
  { user, serviceManager, authorities, tls }: Settings,
  paths: HostPaths,
  { installation: { entries, notes, backups, user: seenUser }, footprint }: Pick<Actual, 'installation' | 'footprint'>,
): readonly string[] {
  const optional = [
    ...(authorities === undefined ? [] : [paths.caFile]),
    ...(tls?.from === 'sent' ? [paths.tlsCertFile, paths.tlsKeyFile] : []),
  ];
  const foreign = [
    paths.configFile,
    paths.envFile,
    ...optional,
    paths.serviceUnit,
    paths.socketUnit,
    paths.instanceUnit,
    paths.failedUnit,
    paths.dropInGenerator,
  ]
    .filter((path) => entries.has(path) && entries.get(path)?.marked !== true)
    .map((path) => `${path}: it does not carry hxllm’s mark`);
  const folder =
    entries.has(paths.installDir) && notes === undefined && footprint.folders.get(paths.installDir)?.ours.length === 0
      ? [`${paths.installDir}: it has no marker of hxllm`]
      : [];
  const kept =
    serviceManager === 'systemd' && seenUser !== undefined && seenUser.gecos !== USER_GECOS
      ? [`the user ${user}: hxllm did not create it`]
      : [];
  return [
    ...foreign,
    ...folder,
    ...kept,
    ...backups.map((path) => `the copy of the replaced installation; to put it back: sudo sh ${path}`),
  ];
}
