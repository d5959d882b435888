import type { KeptDeployment } from '../facts/installation/installation.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import type { DeploymentRecord } from '../core/deployment-record.ts';
import type { Action, Step } from './plan.ts';

/** How many deployments stay, the new one included. */
export const KEPT_DEPLOYMENTS = 5;

// Names that hxllm gives. A folder of another name is not hxllm's.
const RELEASE = /^[0-9a-f]{12}$/;
const RUNTIME = /^node-[^/]+-[0-9a-f]{12}$/;

/** The folders that go before and after the switch to a new deployment. */
export interface Pruning {
  /** Frees the place of attempts that failed. One stays, since a failed switch may have to return to it. */
  readonly before: readonly Step[];
  /** Once the new deployment is healthy: deployments beyond the last five, with releases and runtimes that nothing needs any more. */
  readonly after: readonly Step[];
}

/**
 * Plans the removal of deployments beyond the last five healthy ones, and of releases and runtimes that neither a kept deployment nor a
 * running process needs. A process that only ends its requests keeps its own.
 */
export function planPruning(
  desired: Desired,
  { installation }: Actual,
  number: number,
  adopted: DeploymentRecord | undefined,
): Pruning {
  const { deployments, instances, inUse, notes } = installation;
  const running = new Set([notes?.deployment, inUse, ...instances.map((one) => one.deployment)]);
  const failed = deployments.filter((one) => !one.healthy && !running.has(one.number));
  const early = failed.slice(0, -1);
  const rest = deployments.filter((one) => !early.includes(one));
  const healthy = rest.filter((one) => one.healthy);
  const last = new Set(healthy.slice(1 - KEPT_DEPLOYMENTS));
  const kept = rest.filter((one) => last.has(one) || running.has(one.number));
  const late = rest.filter((one) => !kept.includes(one));
  const first = going(desired, installation, rest, early, adopted);
  // Before the switch only what the failed attempts brought goes: another release may be the running one.
  const brought = needsOf(early, installation);
  const before = {
    deployments: early,
    releases: first.releases.filter((id) => brought.releases.has(id)),
    runtimes: first.runtimes.filter((name) => brought.runtimes.has(name)),
  };
  const second = going(desired, installation, kept, late, adopted);
  const after = {
    deployments: late,
    releases: second.releases.filter((id) => !before.releases.includes(id)),
    runtimes: second.runtimes.filter((name) => !before.runtimes.includes(name)),
  };
  return {
    before: stepOf(desired, before, {
      id: 'prune.failed',
      stage: 'prepare',
      why: 'not healthy, and deployment ' + String(number) + ' is another attempt',
    }),
    after: stepOf(desired, after, {
      id: 'prune',
      stage: 'clean',
      why: `not among the last ${String(KEPT_DEPLOYMENTS)}, and no process runs it`,
    }),
  };
}

interface Going {
  readonly deployments: readonly KeptDeployment[];
  readonly releases: readonly string[];
  readonly runtimes: readonly string[];
}

interface Needs {
  readonly releases: ReadonlySet<string>;
  readonly runtimes: ReadonlySet<string>;
}

function going(
  desired: Desired,
  installation: Actual['installation'],
  kept: readonly KeptDeployment[],
  deployments: readonly KeptDeployment[],
  adopted: DeploymentRecord | undefined,
): Going {
  const needs = needsOf(kept, installation);
  const releases = new Set([
    ...needs.releases,
    // A process that was started by the link may run a release that no deployment records.
    ...(installation.instances.some(({ deployment }) => deployment === undefined) ? [installation.current] : []),
    desired.release.id,
    ...(adopted === undefined ? [] : [adopted.release.id]),
  ]);
  const runtimes = new Set([
    ...needs.runtimes,
    desired.release.runtimeFolder.slice(desired.release.runtimeFolder.lastIndexOf('/') + 1),
    ...installation.instances.map((one) => one.runtime),
    ...(adopted === undefined ? [] : [adopted.runtime.name]),
  ]);
  return {
    deployments,
    releases: [...installation.runtimeOf.keys()].filter((id) => RELEASE.test(id) && !releases.has(id)),
    runtimes: installation.runtimes.map(({ name }) => name).filter((name) => RUNTIME.test(name) && !runtimes.has(name)),
  };
}

function needsOf(deployments: readonly KeptDeployment[], { runtimeOf }: Actual['installation']): Needs {
  const releases = new Set(deployments.flatMap(({ release, record }) => [release, record?.release.id].filter(isName)));
  const named = deployments.map(({ record }) => record?.runtime.name).filter(isName);
  return { releases, runtimes: new Set([...named, ...[...releases].map((id) => runtimeOf.get(id)).filter(isName)]) };
}

function stepOf(
  { paths }: Desired,
  { deployments, releases, runtimes }: Going,
  { why, ...rest }: { readonly id: string; readonly stage: Step['stage']; readonly why: string },
): readonly Step[] {
  const numbers = deployments.map(({ number }) => String(number));
  const things = [
    ...namedThings('deployment', numbers),
    ...namedThings('release', releases),
    ...namedThings('runtime', runtimes),
  ];
  if (things.length === 0) return [];
  const trees = [
    ...numbers.map((number) => `${paths.deployments}/${number}`),
    ...releases.map((id) => `${paths.releases}/${id}`),
    ...runtimes.map((name) => `${paths.runtimes}/${name}`),
  ];
  return [
    {
      ...rest,
      title: `remove ${things.join(', ')}`,
      detail: trees
        .map(
          (path) => `${path}: ${path.startsWith(`${paths.deployments}/`) ? why : 'no deployment that stays needs it'}`,
        )
        .join('\n'),
      verb: 'remove',
      actions: trees.map((path): Action => ({ kind: 'remove-tree', path })),
    },
  ];
}

function namedThings(thing: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${names.length === 1 ? thing : `${thing}s`} ${names.join(' ')}`];
}

function isName(name: string | undefined): name is string {
  return name !== undefined && name !== '';
}
