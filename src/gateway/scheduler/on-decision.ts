import type { ServerFailure } from '../exchange.ts';
import type { Assignment, Recall, Rejection } from '../route/event.ts';

/** The failure of the last load for a deployment, by the deployment's id. */
export interface FailedLoad {
  readonly deployment: string;
  readonly failure: ServerFailure;
}

/**
 * Called once per slot request, and once more with a recall if the request waits inside its server for too long.
 * `failedLoad` is set if the request is rejected because a load of its model failed.
 */
export type OnDecision = (decision: Assignment | Rejection | Recall, failedLoad: FailedLoad | undefined) => void;

/** The callback of a request that waits, and its deployments. */
export interface PendingDecision {
  readonly onDecision: OnDecision;
  readonly deployments: readonly string[];
}
