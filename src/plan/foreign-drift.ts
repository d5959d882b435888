import type { DeploymentRecord } from '../core/deployment-record.ts';
import type { FolderNames } from '../facts/folder-names.ts';
import type { HostPaths } from '../render/desired.ts';
import { STATE_NAMES } from './footprint.ts';

const IN_INSTALL_DIR = new Set([
  '.hxllm',
  '.hxllm-record',
  '.previous',
  'current',
  'deployments',
  'releases',
  'runtimes',
]);
const IN_DEPLOYMENT = new Set(['deployment.json', 'files', 'gateway', 'gateway.mjs', 'healthy']);
// mkfs.ext4 makes it in every new file system.
const OF_FILE_SYSTEM = 'lost+found';

/** The folders whose names tell what is foreign in them. */
export function foldersOfOurs({ release, runtime, number }: DeploymentRecord, paths: HostPaths): readonly string[] {
  return [
    paths.configDir,
    paths.installDir,
    paths.stateDir,
    paths.releases,
    `${paths.releases}/${release.id}`,
    paths.runtimes,
    `${paths.runtimes}/${runtime.name}`,
    `${paths.runtimes}/${runtime.name}/bin`,
    paths.deployments,
    `${paths.deployments}/${String(number)}`,
  ];
}

/** The paths in hxllm's folders that hxllm did not make. */
export function foreignPaths(
  record: DeploymentRecord,
  paths: HostPaths,
  { names }: { readonly names: FolderNames },
): readonly string[] {
  const own = [paths.configDir, paths.installDir, paths.stateDir, ...record.files.map(({ path }) => path)];
  // One of hxllm's folders may lie in another one.
  const isOwn = (path: string): boolean => own.some((each) => each === path || each.startsWith(`${path}/`));
  const judges = new Map<string, (name: string) => boolean>([
    [paths.configDir, () => false],
    [paths.installDir, (name) => IN_INSTALL_DIR.has(name)],
    [paths.stateDir, (name) => STATE_NAMES.has(name)],
    [paths.releases, (name) => /^[0-9a-f]{12}$/.test(name)],
    [`${paths.releases}/${record.release.id}`, (name) => Object.hasOwn(record.release.files, name)],
    [paths.runtimes, (name) => /^node-[^/]+-[0-9a-f]{12}$/.test(name)],
    [`${paths.runtimes}/${record.runtime.name}`, (name) => name === 'bin' || name === 'manifest'],
    [`${paths.runtimes}/${record.runtime.name}/bin`, (name) => name === 'node'],
    [paths.deployments, (name) => /^[1-9]\d{0,8}$/.test(name)],
    [`${paths.deployments}/${String(record.number)}`, (name) => IN_DEPLOYMENT.has(name)],
  ]);
  return foldersOfOurs(record, paths).flatMap((folder) =>
    (names.get(folder) ?? []).flatMap((name) => {
      const path = `${folder}/${name}`;
      return name === OF_FILE_SYSTEM || isOwn(path) || judges.get(folder)?.(name) === true ? [] : [path];
    }),
  );
}
