import type { DeploymentRecord, RecordedFile } from '../core/deployment-record.ts';
import type { Entry, Installation } from '../facts/installation/installation.ts';
import type { HostPaths, Settings } from '../render/desired.ts';
import type { FolderNames } from '../facts/folder-names.ts';
import { fingerprintOf } from './fingerprint.ts';
import { desiredFolders } from './folders.ts';
import { modeText, ownerText } from './mode.ts';
import { instanceDrift, unitDrift } from './unit-drift.ts';
import { foreignPaths } from './foreign-drift.ts';

/** A thing on a host that is not what was applied. */
export interface Drift {
  readonly kind: 'file' | 'folder' | 'link' | 'release' | 'runtime' | 'unit' | 'service' | 'account' | 'foreign';
  /** The path, or the unit. */
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

/** The state to compare with the record. */
export interface DriftState {
  readonly installation: Installation;
  readonly names: FolderNames;
  /** Whether the operator has drop-ins: when systemd reads them is the operator's choice. */
  readonly hasDropIns: boolean;
}

/**
 * Compares a host with the record of its running deployment, not with the operator's files. Drop-ins are the operator's, and so are no
 * drift. Empty if nothing differs.
 */
export function driftOf(
  record: DeploymentRecord,
  { settings, paths }: { readonly settings: Settings; readonly paths: HostPaths },
  state: DriftState,
): readonly Drift[] {
  const { installation } = state;
  return [
    ...record.files.flatMap((file) => fileDrift(file, installation.entries.get(file.path))),
    ...secretDrift(record, paths, installation),
    ...folderDrift(settings, paths, installation),
    ...linkDrift(record, paths, installation),
    ...releaseDrift(record, paths, installation),
    ...(settings.serviceManager === 'systemd'
      ? [
          ...accountDrift(settings, installation),
          ...unitDrift(installation, state.hasDropIns),
          ...instanceDrift(record, paths, installation),
        ]
      : processDrift(paths, installation)),
    ...foreignPaths(record, paths, state).map((subject): Drift => ({
      kind: 'foreign',
      subject,
      expected: 'nothing',
      found: 'a thing that hxllm did not make',
    })),
  ];
}

const KINDS: Readonly<Record<Entry['kind'], string>> = {
  file: 'a file',
  folder: 'a folder',
  link: 'a link',
  other: 'something else than a file',
};

function fileDrift({ path, owner, group, mode, sha256 }: RecordedFile, entry: Entry | undefined): readonly Drift[] {
  if (entry === undefined) return [{ kind: 'file', subject: path, expected: 'a file', found: 'nothing' }];
  if (entry.kind !== 'file') return [{ kind: 'file', subject: path, expected: 'a file', found: KINDS[entry.kind] }];
  const access = `${ownerText({ owner, group }, entry)} ${modeText(mode)}`;
  const found = `${entry.owner}:${entry.group} ${modeText(entry.mode)}`;
  return [
    ...(sha256 !== undefined && sha256 !== entry.sha256
      ? [{ kind: 'file', subject: path, expected: 'the content that was applied', found: 'another content' } as const]
      : []),
    ...(access === found ? [] : [{ kind: 'file', subject: path, expected: access, found } as const]),
  ];
}

// The record has no hash of a file with a secret. The fingerprint covers all files, so where only it differs, one of those does.
function secretDrift(record: DeploymentRecord, paths: HostPaths, { entries, notes }: Installation): readonly Drift[] {
  const secrets = record.files.filter(({ sha256 }) => sha256 === undefined).map(({ path }) => path);
  if (secrets.length === 0 || secrets.some((path) => entries.get(path)?.kind !== 'file')) return [];
  const applied = record.files.map(({ path, sha256 }) => ({ path, sha256: sha256 ?? entries.get(path)?.sha256 ?? '' }));
  if (fingerprintOf(record.release.id, applied, paths.configFile) === notes?.confirmed) return [];
  const subject = secrets.join(' or ');
  return [{ kind: 'file', subject, expected: 'the content that was applied', found: 'another content' }];
}

function folderDrift(settings: Settings, paths: HostPaths, { entries }: Installation): readonly Drift[] {
  return desiredFolders(settings, paths).flatMap(({ path, owner, group, mode }): readonly Drift[] => {
    const entry = entries.get(path);
    if (entry === undefined) return [{ kind: 'folder', subject: path, expected: 'a folder', found: 'nothing' }];
    // A folder may be a link of the operator's to another disk.
    if (entry.kind === 'link' || mode === undefined) return [];
    if (entry.kind !== 'folder')
      return [{ kind: 'folder', subject: path, expected: 'a folder', found: KINDS[entry.kind] }];
    const [expected, found] = [
      `${ownerText({ owner, group }, entry)} ${modeText(mode)}`,
      `${entry.owner}:${entry.group} ${modeText(entry.mode)}`,
    ];
    return expected === found ? [] : [{ kind: 'folder', subject: path, expected, found }];
  });
}

function linkDrift(
  { number, release }: DeploymentRecord,
  paths: HostPaths,
  installation: Installation,
): readonly Drift[] {
  const own = installation.deployments.find((one) => one.number === number);
  return [
    ...(installation.current === release.id
      ? []
      : [
          {
            kind: 'link',
            subject: paths.current,
            expected: `releases/${release.id}`,
            found: installation.current === undefined ? 'no link' : `releases/${installation.current}`,
          } as const,
        ]),
    ...(own?.release === release.id
      ? []
      : [
          {
            kind: 'link',
            subject: `${paths.deployments}/${String(number)}/gateway`,
            expected: `../../releases/${release.id}/gateway`,
            found: own?.release === undefined ? 'no such link' : `../../releases/${own.release}/gateway`,
          } as const,
        ]),
  ];
}

function releaseDrift(
  { release, runtime }: DeploymentRecord,
  paths: HostPaths,
  { releases, runtimes }: Installation,
): readonly Drift[] {
  const changed = Object.entries(release.files).flatMap(([name, hash]): readonly Drift[] => {
    const found = releases.get(`${release.id}/${name}`);
    if (found === hash) return [];
    const subject = `${paths.releases}/${release.id}/${name}`;
    const state = found === undefined ? 'nothing' : found === '' ? 'another owner or mode' : 'another content';
    return [{ kind: 'release', subject, expected: 'the file that was sent', found: state }];
  });
  const there = runtimes.find(({ name }) => name === runtime.name);
  const isSame = there?.intact === true && there.sha256 === runtime.sha256;
  return isSame
    ? changed
    : [
        ...changed,
        {
          kind: 'runtime',
          subject: `${paths.runtimes}/${runtime.name}/bin/node`,
          expected: 'the runtime that was sent',
          found: there === undefined ? 'nothing' : 'another content, owner or mode',
        },
      ];
}

function accountDrift({ user, group }: Settings, installation: Installation): readonly Drift[] {
  const account = (subject: string): Drift => ({ kind: 'account', subject, expected: 'an account', found: 'none' });
  return [
    ...(installation.user === undefined ? [account(`the user ${user}`)] : []),
    ...(installation.groupExists ? [] : [account(`the group ${group}`)]),
    ...(installation.user !== undefined && installation.user.group !== group
      ? [
          {
            kind: 'account',
            subject: `the user ${user}`,
            expected: `primary group ${group}`,
            found: installation.user.group === '' ? 'a group without a name' : installation.user.group,
          } as const,
        ]
      : []),
  ];
}

function processDrift({ pidFile }: HostPaths, { daemon }: Installation): readonly Drift[] {
  return daemon?.alive === true
    ? []
    : [{ kind: 'service', subject: pidFile, expected: 'a running gateway', found: 'none' }];
}
