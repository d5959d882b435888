import type { DeploymentRecord } from '../../core/deployment-record.ts';
import type { Problem } from '../../core/problem.ts';
import type { Deployments } from '../../facts/installation/deployments.ts';
import type { KeptDeployment } from '../../facts/installation/installation.ts';
import { runningDeployment } from '../../plan/deployment.ts';
import { tableLines, type TableLine } from './columns.ts';
import type { Paint } from './paint.ts';
import type { ListedDeployment, ReleasesDocument, ReleaseState } from './releases-document.ts';

/** The deployments of a host. */
export interface HostReleases extends Deployments {
  readonly host: string;
}

/** The deployments of hosts as lines, the newest first. */
export function releasesLines(hosts: readonly HostReleases[], paint: Paint, columns: number): readonly string[] {
  return hosts.flatMap((one, index) => {
    const { host, notes, deployments } = one;
    const gap = index === 0 ? [] : [''];
    const head = [...gap, paint.bold(host)];
    if (notes === undefined) return [...head, '  hxllm has installed nothing here'];
    if (deployments.length === 0)
      return [...head, '  no deployments yet: the next change is number 1, or records this state as number 1'];
    const table: readonly TableLine[] = deployments.toReversed().map((each) => {
      const state = stateOf(each, one);
      return {
        cells: [
          `  ${String(each.number)}`,
          state,
          whenOf(each.record),
          byOf(each.record),
          each.record?.release.version ?? each.release ?? '-',
          changesOf(each),
        ],
        styles: [undefined, state === 'runs' ? paint.good : state === 'failed' ? paint.bad : paint.dim],
      };
    });
    return [...head, ...tableLines(table, columns)];
  });
}

/** The JSON document of `hxllm releases --json`. */
export function releasesDocument(
  version: string,
  hosts: readonly HostReleases[],
  problems: readonly Problem[],
): ReleasesDocument {
  return {
    schemaVersion: 1,
    command: 'releases',
    version,
    hosts: hosts.map((one) => ({
      host: one.host,
      running: runningDeployment(one) ?? null,
      deployments: one.deployments.map((each) => listed(each, stateOf(each, one))),
    })),
    problems,
  };
}

function listed({ number, record }: KeptDeployment, state: ReleaseState): ListedDeployment {
  return {
    number,
    state,
    at: record?.at ?? null,
    who: record?.who ?? null,
    from: record?.from ?? null,
    kind: record?.kind ?? null,
    rollback: record?.rollback ?? null,
    changed: record?.changed ?? [],
    release: record === undefined ? null : { id: record.release.id, version: record.release.version },
    runtime: record?.runtime.name ?? null,
    plan: record?.plan ?? null,
  };
}

// Of several processes, those of earlier deployments only end their requests.
function stateOf({ number, healthy, record }: KeptDeployment, all: Deployments): ReleaseState {
  const running = runningDeployment(all);
  if (number === running) return 'runs';
  if (!healthy) return 'failed';
  const newest = Math.max(...all.instances.map(({ deployment }) => deployment ?? 0));
  if (number < newest && all.instances.some(({ deployment }) => deployment === number)) return 'draining';
  return record === undefined ? 'unreadable' : 'kept';
}

function whenOf(record: DeploymentRecord | undefined): string {
  return record?.at?.replace(/:\d\d(?:\.\d+)?Z$/, 'Z').replace('T', ' ') ?? '-';
}

function byOf(record: DeploymentRecord | undefined): string {
  if (record?.who === undefined) return '-';
  return record.from === undefined ? record.who : `${record.who}@${record.from}`;
}

/** The changes of a deployment in a few words: `gateway, config.yaml`. */
export function changesOf({ record, release }: KeptDeployment): string {
  if (record === undefined) return release === undefined ? 'it was cut off' : 'its record cannot be read';
  if (record.at === undefined) return 'as an older hxllm deployed it';
  const ids = record.changed.map(({ id }) => id);
  const words = ids.flatMap((id): readonly string[] => {
    if (id === 'release.current') return ['gateway'];
    if (id === 'files.litellm.env') return ['key'];
    if (id.startsWith('files.')) return [id.slice('files.'.length)];
    if (id === 'runtime') return ['runtime'];
    return id === 'release' && !ids.includes('release.current') ? ['gateway, sent again'] : [];
  });
  const changes = words.length === 0 ? (record.kind === 'reload' ? 'reloaded' : 'started again') : words.join(', ');
  if (record.rollback === undefined) return changes;
  return `${record.rollback.codeOnly ? 'code' : 'back'} to ${String(record.rollback.of)}: ${changes}`;
}
