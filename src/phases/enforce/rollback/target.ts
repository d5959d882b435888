import type { DeploymentRecord } from '../../../core/deployment-record.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import type { RecordedStep } from '../../../core/recorder.ts';
import type { Deployments } from '../../../facts/installation/deployments.ts';
import type { KeptDeployment } from '../../../facts/installation/installation.ts';
import { KEPT_DEPLOYMENTS } from '../../../plan/prune.ts';
import { runningDeployment } from '../../../plan/deployment.ts';

/** The deployment to go back to. */
export interface RollbackRequest {
  /** Its number; a negative one counts back from the running deployment. */
  readonly to: number;
  /** The configuration stays as it is, and only the release changes. */
  readonly codeOnly: boolean;
}

/** The deployments that a rollback takes its release and its files from: the same one, unless the configuration stays. */
export interface RollbackSource {
  readonly release: DeploymentRecord;
  readonly files: DeploymentRecord;
}

/** Finds the deployment to go back to. A Problem if the host does not keep it, or if it cannot be trusted to run. */
export function rollbackSource(
  host: string,
  kept: Deployments,
  { to, codeOnly }: RollbackRequest,
): Result<RollbackSource> {
  const running = runningDeployment(kept);
  if (running === undefined || kept.deployments.length === 0)
    return fail({
      code: 'rollback.none',
      summary: 'the host has no deployment to go back to',
      detail: `Expected deployments, one of which passed its health check, found ${kept.deployments.length === 0 ? 'none' : `${String(kept.deployments.length)}, none of them confirmed as the running one`}.`,
      fix: `hxllm enforce --limit ${host}`,
      where: { host },
    });
  const wanted = to > 0 ? to : numberBefore(kept.deployments, running, -to);
  const target = kept.deployments.find(({ number }) => number === wanted);
  if (target === undefined) return fail(notKept(host, kept.deployments, to, running));
  const release = usable(host, target);
  if (!release.ok || !codeOnly) return release.ok ? ok({ release: release.value, files: release.value }) : release;
  const current = kept.deployments.find(({ number }) => number === running);
  if (current === undefined) return fail(notKept(host, kept.deployments, running, running));
  const files = usable(host, current);
  return files.ok ? ok({ release: release.value, files: files.value }) : files;
}

/**
 * The running deployment, if a rollback made it that was cut off after it was healthy. A relative rollback that is repeated then must not go on
 * from there: it would go forward again. `recorded` are the lines of cut runs in the host's record, and `lastRun` is the run that
 * wrote there last: any run after the cut one makes the question new.
 */
export function finishedRollback(
  kept: Deployments,
  { to, codeOnly }: RollbackRequest,
  recorded: readonly RecordedStep[],
  lastRun: string | undefined,
): DeploymentRecord | undefined {
  const running = runningDeployment(kept);
  const { record } = kept.deployments.find(({ number }) => number === running) ?? {};
  const { rollback } = record ?? {};
  if (to > 0 || rollback === undefined || rollback.codeOnly !== codeOnly) return undefined;
  return recorded.some(({ run, step, state }) => run === lastRun && step === 'health' && state === 'done')
    ? record
    : undefined;
}

// Failed attempts are no place to go back to, so they do not count.
function numberBefore(deployments: readonly KeptDeployment[], running: number, back: number): number | undefined {
  return deployments.filter(({ healthy, number }) => healthy && number < running).at(-back)?.number;
}

function usable(host: string, { number, healthy, record, format, release }: KeptDeployment): Result<DeploymentRecord> {
  const name = `deployment ${String(number)}`;
  if (!healthy)
    return fail({
      code: 'rollback.never-healthy',
      summary: `${name} never was healthy`,
      detail: `Expected a deployment that passed its health check, found that ${name} did not: its switch was taken back, or cut off.`,
      fix: `hxllm releases --limit ${host}`,
      where: { host },
    });
  if (record === undefined || record.number !== number || record.release.id !== release)
    return fail({
      code: 'rollback.unreadable',
      summary: `the record of ${name} cannot be read`,
      detail:
        format !== undefined && record === undefined
          ? `Expected a deployment.json of a format that this hxllm reads, found format ${String(format)}.`
          : `Expected a deployment.json that describes ${name} and the release that its link leads to, found another one.`,
      fix:
        format !== undefined && record === undefined
          ? 'install the hxllm here that made the deployment, or a newer one'
          : `hxllm releases --limit ${host}  # and go back to another one`,
      where: { host },
    });
  return ok(record);
}

function notKept(host: string, deployments: readonly KeptDeployment[], to: number, running: number): Problem {
  const healthy = deployments
    .filter((one) => one.healthy && one.number !== running)
    .map(({ number }) => String(number));
  return {
    code: 'rollback.not-kept',
    summary:
      to > 0
        ? `the host does not keep deployment ${String(to)}`
        : `no deployment is ${String(-to)} before the running one`,
    detail: `Expected one of ${healthy.length === 0 ? 'none (there is only the running one)' : healthy.join(', ')}, found ${String(to)}. The running one is ${String(running)}; the last ${String(KEPT_DEPLOYMENTS)} stay on a host.`,
    fix: `hxllm releases --limit ${host}`,
    where: { host },
  };
}
