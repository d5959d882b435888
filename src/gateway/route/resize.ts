import { touchMemory } from './attention.ts';
import { isUp, type Candidate } from './candidate.ts';
import type { Decision, RouteEvent } from './event.ts';
import type { Fleet } from './fleet.ts';
import { startLoad } from './loading.ts';
import { hasRunnersApart } from './reconfigure.ts';
import { isReady } from './residency.ts';

/** Gives deployments of one model on one backend another runner key, and loads the model with it if that is wanted and the model is there. */
export function resize(
  fleet: Fleet,
  { runnerKeys, load }: Extract<RouteEvent, { kind: 'resized' }>,
  nowMs: number,
  out: Decision[],
): void {
  let loadable: Candidate | undefined;
  for (const [id, runnerKey] of runnerKeys) {
    const deployment = fleet.deployments.get(id);
    const backend = fleet.backends.get(deployment?.backend ?? '');
    const replica = fleet.replicas.get(deployment?.replica ?? '');
    if (deployment === undefined || backend === undefined || replica === undefined) continue;
    // A model that is there with other options, or is being loaded, waits for its next request.
    if (isReady(replica.residency, deployment.runnerKey) && deployment.runnerKey !== runnerKey)
      loadable ??= { deployment, backend, replica };
    deployment.runnerKey = runnerKey;
    touchMemory(fleet, replica);
  }
  fleet.sharesRunners ||= hasRunnersApart(fleet);
  if (
    load &&
    !fleet.isDelegated &&
    loadable !== undefined &&
    isUp(loadable.backend) &&
    loadable.backend.loading === undefined
  )
    startLoad(fleet, { ...loadable, queue: undefined, reason: 'context', mayEvict: false }, nowMs, out);
}
