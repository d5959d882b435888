import { pathsOf, type Settings } from '../../src/config/config.ts';
import { sha256 } from '../../src/core/hash.ts';
import { USER_GECOS } from '../../src/core/mark.ts';
import { Secret } from '../../src/core/secret.ts';
import type { FolderState, Footprint } from '../../src/facts/footprint/footprint.ts';
import type { Foreign } from '../../src/facts/foreign.ts';
import type { Entry, Installation, Notes, UnitState } from '../../src/facts/installation/installation.ts';
import { desiredFolders } from '../../src/plan/folders.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { serviceFingerprint } from '../../src/plan/service.ts';
import { contentText } from '../../src/render/content.ts';
import { renderHostFiles } from '../../src/render/host-files.ts';
import { renderRelease } from '../../src/render/release-files.ts';
import type { Desired } from '../../src/render/desired.ts';
import { settings } from '../render/settings.ts';

const NOTHING: Installation = {
  user: undefined,
  groupExists: false,
  entries: new Map(),
  notes: undefined,
  current: undefined,
  build: undefined,
  releases: new Map(),
  runtimeOf: new Map(),
  deployments: [],
  instances: [],
  runtimes: [],
  backups: [],
  service: undefined,
  socket: undefined,
  instanceUnits: [],
  inUse: undefined,
  danglingLinks: [],
  daemon: undefined,
};

/** The desired state of a host. Runtime and bundle exist in name only. */
export function desiredOf(over: Partial<Settings> = {}, bundle = 'gateway'): Desired {
  const all = settings(over);
  const files = renderHostFiles(all, all.masterKey.state === 'set' ? { key: all.masterKey.key } : { why: 'locked' });
  const release = renderRelease(
    all,
    { version: '1.0.0', committedAt: undefined, content: bundle, sha256: sha256(bundle) },
    { version: '24.21.0', architecture: 'x64', file: '/node', sha256: 'ab'.repeat(32), sizeBytes: 127e6 },
  );
  if (!files.ok || !release.ok) throw new Error('it does not render');
  return { settings: all, paths: pathsOf(all), files: files.value, release: release.value, compress: true };
}

/** The footprint of a host where nothing is installed. */
export const NO_FOOTPRINT: Footprint = {
  markers: new Map(),
  unit: undefined,
  folders: new Map(),
  users: new Map(),
  groups: new Map(),
};

/** A host where nothing is installed. */
export function bare(
  foreign: readonly Foreign[] = [],
  over: Partial<Installation> = {},
  footprint: Partial<Footprint> = {},
): Actual {
  return {
    installation: { ...NOTHING, ...over },
    footprint: { ...NO_FOOTPRINT, ...footprint },
    foreign,
    dropIns: [],
    timestamp: '20261124T120000Z',
    origin: { at: '2026-11-24T12:00:00.000Z', who: 'ada', from: 'workstation' },
  };
}

/** A folder that exists, root's. */
export function folderState(over: Partial<FolderState> = {}): FolderState {
  return {
    kind: 'folder',
    isLink: false,
    isMountPoint: false,
    isConfigDir: false,
    isInstallDir: false,
    isStateDir: false,
    mode: 0o755,
    owner: 'root',
    group: 'root',
    ours: [],
    listen: '',
    unsafeAbove: [],
    closedAbove: [],
    place: '',
    names: over.ours ?? [],
    ...over,
  };
}

/** The footprint of a deployment with these settings, as another deployment sees it. */
export function footprintOf({ settings: all, paths }: Desired, notes: Notes | undefined): Footprint {
  const systemd = all.serviceManager === 'systemd';
  const trees = ['.hxllm', 'current', 'releases', 'runtimes'];
  return {
    markers: new Map(notes === undefined ? [] : [[paths.installDir, notes]]),
    unit: systemd
      ? { configDir: paths.configDir, installDir: paths.installDir, user: all.user, group: all.group }
      : undefined,
    folders: new Map([
      [
        paths.configDir,
        folderState({
          isConfigDir: true,
          mode: 0o750,
          group: all.group,
          ours: ['config.yaml', 'litellm.env', ...(all.authorities === undefined ? [] : ['ca.pem'])],
          listen: `  listen: ${all.listen}:${String(all.port)}`,
        }),
      ],
      [paths.installDir, folderState({ isInstallDir: true, ours: notes === undefined ? [] : trees, names: trees })],
    ]),
    users: new Map(systemd ? [[all.user, { uid: 999, gid: 997, gecos: USER_GECOS, owns: [] }]] : []),
    groups: new Map(
      systemd
        ? [[all.group, { gid: 997, primaryOf: [all.user], owns: [paths.configDir, paths.configFile, paths.envFile] }]]
        : [],
    ),
  };
}

/** A file of hxllm, or another thing. */
export function entryOf(part: Partial<Entry>): Entry {
  return {
    kind: 'file',
    mode: 0o755,
    owner: 'root',
    group: 'root',
    sha256: undefined,
    marked: true,
    text: undefined,
    ...part,
  };
}

/** A host that is in the desired state and runs. */
export function installed(desired: Desired, over: Partial<Installation> = {}): Actual {
  const unit: UnitState = {
    load: 'loaded',
    active: 'active',
    enabled: 'enabled',
    fragment: '',
    needsReload: false,
    program: '',
    followers: [],
  };
  const folders = desiredFolders(desired.settings, desired.paths).map(
    (folder) =>
      [
        folder.path,
        entryOf({
          kind: 'folder',
          marked: false,
          mode: folder.mode ?? 0o755,
          owner: folder.owner ?? 'root',
          group: folder.group ?? 'root',
        }),
      ] as const,
  );
  const files = desired.files.map((file) => {
    const text = contentText(file.content) ?? '';
    return [
      file.path,
      entryOf({ mode: file.mode, owner: file.owner ?? 'me', group: file.group ?? 'me', sha256: sha256(text), text }),
    ] as const;
  });
  const installation: Installation = {
    user: { gecos: USER_GECOS, group: 'litellm' },
    groupExists: true,
    entries: new Map([...folders, ...files]),
    notes: {
      made: [
        'group litellm',
        ...[desired.paths.configDir, desired.paths.installDir, desired.paths.stateDir].map((path) => `folder ${path}`),
      ],
      used: [
        `config-dir ${desired.paths.configDir}`,
        `install-dir ${desired.paths.installDir}`,
        'user litellm',
        'group litellm',
      ],
      confirmed: undefined,
      deployment: 1,
    },
    current: desired.release.id,
    build: desired.release.build,
    releases: new Map(desired.release.files.map((file) => [`${desired.release.id}/${file.name}`, file.sha256])),
    runtimeOf: new Map([[desired.release.id, 'node-24.21.0-abababababab']]),
    instances: [{ pid: 1, runtime: 'node-24.21.0-abababababab', deployment: undefined }],
    deployments: [{ number: 1, healthy: true, release: desired.release.id, record: undefined, format: undefined }],
    runtimes: [{ name: 'node-24.21.0-abababababab', sha256: desired.release.runtime.sha256, intact: true }],
    backups: [],
    service: unit,
    socket: unit,
    instanceUnits: [{ number: 1, active: 'active', program: `${desired.release.runtimeFolder}/bin/node` }],
    inUse: 1,
    danglingLinks: [],
    daemon: { pid: 1, alive: true },
  };
  const notes: Notes = {
    made: installation.notes?.made ?? [],
    used: installation.notes?.used ?? [],
    deployment: 1,
    confirmed: serviceFingerprint(desired, { ...bare(), installation }),
  };
  const all = { ...installation, notes, ...over };
  return { ...bare(), installation: all, footprint: footprintOf(desired, all.notes) };
}

/** A secret that a test looks for. */
export const KEY = new Secret(`sk-${'a1'.repeat(32)}`);
