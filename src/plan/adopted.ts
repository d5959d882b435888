import type { DeploymentRecord } from '../core/deployment-record.ts';
import type { DesiredFile } from '../render/content.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { folderActions, healthyAction } from './deployment.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Step } from './plan.ts';

/** A state that an older hxllm deployed, as a deployment. */
export interface Adopted {
  readonly record: DeploymentRecord;
  readonly files: readonly Pick<DesiredFile, 'name' | 'content'>[];
}

/**
 * The running state of a host without deployments, if it is known for certain: its files are those that passed the last health
 * check, in the folders of the desired state. Otherwise nothing is recorded, since a rollback would bring back a guess.
 */
export function adoptedState({ paths, settings }: Desired, { installation, footprint }: Actual): Adopted | undefined {
  const { deployments, notes, current, entries, releases, runtimeOf, runtimes, build } = installation;
  const { unit } = footprint;
  const isManaged = settings.serviceManager === 'systemd';
  if (deployments.length > 0 || notes?.confirmed === undefined || notes.deployment !== undefined) return undefined;
  if (current === undefined || build === undefined || (isManaged && unit?.installDir !== paths.installDir))
    return undefined;
  const runtime = runtimes.find(({ name }) => name === runtimeOf.get(current));
  const [, listen, port] =
    /^ +listen: "?\[?([^\]\s"]*)\]?:(\d+)"?$/m.exec(entries.get(paths.configFile)?.text ?? '') ?? [];
  if (runtime === undefined || listen === undefined || port === undefined) return undefined;
  const found = filesOf(paths).flatMap(({ name, path }) => {
    const entry = entries.get(path);
    return entry?.kind === 'file' && entry.marked ? [{ name, path, entry }] : [];
  });
  const confirmed = fingerprintOf(
    current,
    found.map(({ path, entry }) => ({ path, sha256: entry.sha256 ?? '' })),
    paths.configFile,
  );
  const sent = [...releases].filter(([name]) => name.startsWith(`${current}/`));
  if (confirmed !== notes.confirmed || sent.some(([, hash]) => hash === '')) return undefined;
  const isSecret = (path: string): boolean => path === paths.envFile || path === paths.tlsKeyFile;
  return {
    record: {
      number: 1,
      at: undefined,
      who: undefined,
      from: undefined,
      kind: 'switch',
      rollback: undefined,
      changed: [],
      release: {
        id: current,
        version: build.version,
        committed: build.committedAt,
        files: Object.fromEntries(sent.map(([name, hash]) => [name.slice(current.length + 1), hash])),
      },
      runtime: { name: runtime.name, sha256: runtime.sha256 },
      settings: {
        configDir: settings.configDir,
        user: unit?.user ?? settings.user,
        group: unit?.group ?? settings.group,
        listen,
        port: Number(port),
        serviceManager: settings.serviceManager,
      },
      files: found.map(({ name, path, entry }) => ({
        name,
        path,
        owner: isManaged ? entry.owner : undefined,
        group: isManaged ? entry.group : undefined,
        mode: entry.mode,
        sha256: isSecret(path) ? undefined : entry.sha256,
      })),
      plan: undefined,
    },
    files: found.flatMap(({ name, path, entry: { text } }) =>
      isSecret(path) || text === undefined ? [] : [{ name, content: { kind: 'text' as const, text } }],
    ),
  };
}

/** Records the running state of a host that an older hxllm deployed, so that the first change can be rolled back. */
export function planAdoption(desired: Desired, { record, files }: Adopted): Step {
  return {
    id: 'deployment.adopt',
    title: `record the running state as deployment ${String(record.number)}`,
    detail: `${desired.paths.deployments}: missing; release ${record.release.id} and its files passed the last health check`,
    stage: 'prepare',
    verb: 'create',
    actions: [...folderActions(desired, record, files), healthyAction(desired, record.number)],
  };
}

// In the order of the fingerprint, which is that of rendering.
function filesOf(paths: Desired['paths']): readonly { readonly name: string; readonly path: string }[] {
  return [
    { name: 'config.yaml', path: paths.configFile },
    { name: 'litellm.env', path: paths.envFile },
    { name: 'ca.pem', path: paths.caFile },
    { name: 'tls-cert.pem', path: paths.tlsCertFile },
    { name: 'tls-key.pem', path: paths.tlsKeyFile },
    { name: 'litellm-failed@.service', path: paths.failedUnit },
    { name: 'litellm-drop-ins', path: paths.dropInGenerator },
    { name: 'litellm@.service', path: paths.instanceUnit },
    { name: 'litellm.socket', path: paths.socketUnit },
    { name: 'litellm.service', path: paths.serviceUnit },
  ];
}
