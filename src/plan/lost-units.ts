import type { Installation } from '../facts/installation/installation.ts';
import type { HostPaths } from '../render/desired.ts';
import type { Action, Step } from './plan.ts';
import { instanceUnit } from './instance.ts';
import { systemctl } from './systemctl.ts';
import { aliveInstances } from './transition.ts';

// A path of hxllm's alone, also in a former install folder.
const OUR_PROGRAM = /\/runtimes\/node-[^/]+\/bin\/node$/;

// The program of litellm.service beside instances.
const LOG_READER = /\/(?:cat|sh|dash|bash|coreutils)$/;

/**
 * Stops units that still run hxllm's program though their files were removed or replaced by hand: systemd keeps such a unit in
 * memory, and its runtime and account go with the uninstall. Removes the links that enabled them.
 */
export function lostSteps(
  { serviceUnit, socketUnit, instanceUnit: instanceFile }: HostPaths,
  installation: Installation,
): readonly Step[] {
  const { entries, notes, service, socket, danglingLinks } = installation;
  const ours = aliveInstances({ installation }).filter(({ program }) => OUR_PROGRAM.test(program));
  const runsOurs = (service !== undefined && OUR_PROGRAM.test(service.program)) || ours.length > 0;
  const isFileLost = entries.get(instanceFile)?.marked !== true;
  const instances = (isFileLost ? ours : []).map(({ number }) => ({
    name: instanceUnit(number),
    isGone: !entries.has(instanceFile),
  }));
  const isService =
    service !== undefined &&
    (OUR_PROGRAM.test(service.program) || (ours.length > 0 && LOG_READER.test(service.program)));
  const units = [
    { path: socketUnit, state: socket },
    { path: serviceUnit, state: service },
  ].flatMap(({ path, state }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (state === undefined || entries.get(path)?.marked === true) return [];
    if (['inactive', 'failed'].includes(state.active)) return [];
    const isGone = !entries.has(path) && (state.fragment === '' || state.fragment === path);
    const isOurs = path === serviceUnit ? isService : isGone && (runsOurs || notes !== undefined);
    return isOurs ? [{ name, isGone }] : [];
  });
  const lost = [...units, ...instances];
  const links = runsOurs || notes !== undefined ? danglingLinks : [];
  if (lost.length === 0 && links.length === 0) return [];
  const names = lost.map(({ name }) => name);
  const folders = links.map((path) => path.slice(0, path.lastIndexOf('/')));
  return [
    {
      id: 'service.lost',
      title: names.length === 0 ? `remove ${links.join(' and ')}` : `stop ${names.join(' and ')}`,
      detail: [
        ...lost.map(({ name, isGone }) => `${name}: ${isGone ? 'its unit file is gone' : 'it runs hxllm’s program'}`),
        ...links.map((path) => `${path}: a link to a unit file that is gone`),
      ].join('\n'),
      stage: 'prepare',
      verb: names.length === 0 ? 'remove' : 'stop',
      actions: [
        ...(names.length === 0 ? [] : [systemctl('stop', ...names)]),
        ...(links.length === 0 ? [] : [{ kind: 'remove' as const, paths: links }]),
        // As systemctl-disable(1) does.
        ...folders.map((path): Action => ({ kind: 'remove-empty', path })),
        systemctl('daemon-reload'),
        ...(names.length === 0 ? [] : [{ ...systemctl('reset-failed', ...names), mayFail: true }]),
      ],
    },
  ];
}
