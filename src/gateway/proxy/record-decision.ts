import type { RequestRecord, RouteFacts } from '../request-context.ts';
import type { Assignment, Rejection } from '../route/event.ts';

/** The state of a request when routing decides: the start of its first wait, ms, and its earlier attempts. */
export interface DecidedRequest extends Pick<RouteFacts, 'failedAttempts' | 'insideMs'> {
  readonly sinceMs: number;
  readonly loadedMs: number;
}

/** Records the decision of routing about a request, and its wait until then. */
export function recordDecision(
  record: RequestRecord,
  decision: Assignment | Rejection,
  { sinceMs, loadedMs, failedAttempts, insideMs }: DecidedRequest,
  nowMs: number,
): void {
  record.loadMs = loadedMs;
  record.queueMs = Math.max(0, nowMs - sinceMs - loadedMs);
  record.route = { decision, failedAttempts, insideMs };
}

/** Records that an attempt was taken back before it had begun: it counts no more, and a first one has asked no server. */
export function recordRecall(record: RequestRecord): void {
  record.attempts -= 1;
  if (record.attempts > 0) return;
  record.model = undefined;
  record.modelId = undefined;
  record.backend = undefined;
  record.server = undefined;
  record.reason = undefined;
}
