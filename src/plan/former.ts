import { STATE_FOLDERS } from '../core/state-files.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { desiredFolders, markerAction, notesAfter } from './folders.ts';
import {
  accessText,
  accountRemovals,
  goesAway,
  isGone,
  removalOf,
  withRecords,
  type AccountRemoval,
} from './footprint.ts';
import type { Action, Step } from './plan.ts';
import { serviceFingerprint } from './service.ts';

/**
 * Removes what a former `litellm_config_dir`, `litellm_install_dir`, `litellm_user` or `litellm_group` left: the old
 * environment file has a master key that is still valid. No steps if nothing is left.
 */
export function planFormer(desired: Desired, actual: Actual, deployment: number | undefined): readonly Step[] {
  const { settings, paths } = desired;
  const folders = desiredFolders(settings, paths);
  const removal = removalOf(actual.footprint, {
    current: true,
    needed: new Set(folders.map(({ path }) => path)),
    managed: settings.serviceManager === 'systemd',
    alsoGone: [],
    unwanted: new Set([
      ...(settings.authorities === undefined ? ['ca.pem'] : []),
      ...(settings.tls?.from === 'sent' ? [] : ['tls-cert.pem', 'tls-key.pem']),
    ]),
  });
  const owned = new Set([
    ...[...folders, ...desired.files].flatMap(({ path, group }) => (group === undefined ? [] : [path])),
    ...paths.stateFiles,
  ]);
  const stateFolders = STATE_FOLDERS.map((name) => `${paths.stateDir}/${name}/`);
  const isOfState = (path: string): boolean => stateFolders.some((folder) => path.startsWith(folder));
  const accounts =
    settings.serviceManager === 'process'
      ? []
      : accountRemovals(
          actual.footprint,
          settings,
          // Files and folders of this configuration get their new group in the switch.
          (path) => isGone(removal, path) || owned.has(path) || isOfState(path),
        ).filter(goesAway);
  const { files, trees, access } = removal;
  const markers = withRecords(removal.markers);
  const going = [...files, ...trees, ...markers, ...removal.folders];
  const steps: Step[] = [];
  if (going.length > 0 || access.length > 0)
    steps.push({
      id: 'former.files',
      title: 'remove files of the former configuration',
      detail: [...going, ...access.map(accessText)].join('\n'),
      stage: 'clean',
      verb: 'remove',
      actions: [
        ...(files.length === 0 ? [] : [{ kind: 'remove' as const, paths: files }]),
        ...trees.map((path): Action => ({ kind: 'remove-tree', path })),
        ...(markers.length === 0 ? [] : [{ kind: 'remove' as const, paths: markers }]),
        ...removal.folders.map((path): Action => ({ kind: 'remove-empty', path })),
        ...access,
      ],
    });
  steps.push(...accounts.map(accountStep));
  const last = steps.pop();
  if (last === undefined) return [];
  const notes = notesAfter(desired, actual);
  const gone = new Set([
    ...accounts.map(({ kind, name }) => `${kind} ${name}`),
    ...removal.folders.map((path) => `folder ${path}`),
  ]);
  const kept = {
    ...notes,
    made: notes.made.filter((thing) => !gone.has(thing)),
    confirmed: serviceFingerprint(desired, actual),
    ...(deployment === undefined ? {} : { deployment }),
  };
  return [...steps, { ...last, actions: [...last.actions, markerAction(desired, kept)] }];
}

function accountStep({ kind, name, actions }: AccountRemoval): Step {
  return {
    id: `former.${kind}.${name}`,
    title: `remove the ${kind} ${name}`,
    detail: `hxllm created it, and litellm_${kind} has changed since then`,
    stage: 'clean',
    verb: 'remove',
    actions,
  };
}
