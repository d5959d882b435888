import { writeDeployment, type DeploymentRecord, type RecordedFile } from '../core/deployment-record.ts';
import { sha256 } from '../core/hash.ts';
import type { DesiredFile } from '../render/content.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { planHash } from './plan-hash.ts';
import { changesHost, type Action, type Step } from './plan.ts';

/** The number of the next deployment. A number that was given once is never given again, also where its deployment failed. */
export function nextDeployment({ installation, footprint }: Actual, adopted: DeploymentRecord | undefined): number {
  const noted = [installation.notes, ...footprint.markers.values()].flatMap((notes) => notes?.deployment ?? []);
  const kept = installation.deployments.map(({ number }) => number);
  return 1 + Math.max(0, adopted?.number ?? 0, ...noted, ...kept);
}

/** The running deployment: the one that was confirmed last. `undefined` if nothing runs that passed its health check. */
export function runningDeployment({
  notes,
  deployments,
}: Pick<Actual['installation'], 'notes' | 'deployments'>): number | undefined {
  if (notes?.confirmed === undefined) return undefined;
  return notes.deployment ?? deployments.findLast(({ healthy }) => healthy)?.number;
}

/** The step that keeps a new deployment in a folder of its own, before anything uses it. The rest of the plan stands `before` and `after` it. */
export function planDeployment(
  desired: Desired,
  { origin }: Actual,
  number: number,
  before: readonly Step[],
  after: readonly Step[],
): Step {
  const { release, files, settings, paths, rollback } = desired;
  const folder = `${paths.deployments}/${String(number)}`;
  const isReload = after.some(({ id, verb }) => id === 'service.start' && verb === 'reload');
  const step: Omit<Step, 'actions'> = {
    id: 'deployment',
    title: `record deployment ${String(number)}${rollback === undefined ? '' : `: ${rollback.codeOnly ? 'the release of' : 'back to'} deployment ${String(rollback.of)}`}`,
    detail: `${folder}: the release ${release.id} and ${files.map(({ name }) => name).join(', ')} as they are rendered, without secrets`,
    stage: 'prepare',
    verb: 'create',
  };
  const record: DeploymentRecord = {
    number,
    ...origin,
    kind: isReload ? 'reload' : 'switch',
    rollback,
    changed: [...before, ...after].filter(changesHost).map(({ id, title }) => ({ id, title })),
    release: {
      id: release.id,
      version: release.build.version,
      committed: release.build.committedAt,
      files: Object.fromEntries(release.files.map((file) => [file.name, file.sha256])),
    },
    runtime: { name: nameOf(release.runtimeFolder), sha256: release.runtime.sha256 },
    settings: {
      configDir: settings.configDir,
      user: settings.user,
      group: settings.group,
      listen: settings.listen,
      port: settings.port,
      serviceManager: settings.serviceManager,
    },
    files: files.map(recordedFile),
    plan: planHash([...before, step, ...after]),
  };
  return { ...step, actions: folderActions(desired, record, files) };
}

/** The actions that make the folder of a deployment. The record is written last: a folder without it was cut off. */
export function folderActions(
  { settings, paths }: Desired,
  record: DeploymentRecord,
  files: readonly Pick<DesiredFile, 'name' | 'content'>[],
): readonly Action[] {
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  const owned = { owner: root, group: root };
  const folder = `${paths.deployments}/${String(record.number)}`;
  const release = `../../releases/${record.release.id}`;
  return [
    { kind: 'folder', path: paths.deployments, ...owned, mode: 0o755 },
    { kind: 'folder', path: folder, ...owned, mode: 0o755 },
    // config.yaml is not for everybody to read.
    { kind: 'folder', path: `${folder}/files`, ...owned, mode: 0o700 },
    ...files.flatMap(({ name, content }): readonly Action[] =>
      content.kind === 'text'
        ? [{ kind: 'write', path: `${folder}/files/${name}`, ...owned, mode: 0o600, text: content.text }]
        : [],
    ),
    { kind: 'link', path: `${folder}/gateway`, target: `${release}/gateway` },
    // The program of a release is found beside the link by which it is called.
    { kind: 'link', path: `${folder}/gateway.mjs`, target: `${release}/gateway.mjs` },
    { kind: 'write', path: `${folder}/deployment.json`, ...owned, mode: 0o644, text: writeDeployment(record) },
  ];
}

/** Notes that a deployment has passed its health check. */
export function healthyAction({ settings, paths }: Desired, number: number): Action {
  const root = settings.serviceManager === 'systemd' ? 'root' : undefined;
  return {
    kind: 'write',
    path: `${paths.deployments}/${String(number)}/healthy`,
    owner: root,
    group: root,
    mode: 0o644,
    text: '',
  };
}

function recordedFile({ name, path, owner, group, mode, content }: DesiredFile): RecordedFile {
  // A hash of a file with a weak key would tell the key.
  const hash = content.kind === 'text' ? sha256(content.text) : undefined;
  return { name, path, owner, group, mode, sha256: hash };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
