import type { RequestRecord, RouteFacts } from '../request-context.ts';

/** Records the decision of routing about a request, and its wait until then: since `sinceMs`, without loads. */
export function recordDecision(
  record: RequestRecord,
  route: RouteFacts,
  { sinceMs, loadedMs }: { readonly sinceMs: number; readonly loadedMs: number },
  nowMs: number,
): void {
  record.loadMs = loadedMs;
  record.queueMs = Math.max(0, nowMs - sinceMs - loadedMs);
  record.route = route;
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
