import type { Visit } from '../client/visit.ts';

/** One request as a line of the log; `status` where one has left. */
export function requestLine(visit: Visit, status: number | undefined, finished: boolean, nowMs: number): Readonly<Record<string, unknown>> {
  const { account } = visit;
  const { usage } = account;
  return {
    event: 'request',
    request: visit.id,
    client_request: visit.clientId,
    caller: account.caller,
    method: visit.method,
    // The query may hold what does not belong in a log.
    path: visit.path,
    status,
    alias: account.alias,
    model: account.model,
    backend: account.backend,
    reason: account.reason,
    stream: account.stream,
    attempts: account.attempts === 0 ? undefined : account.attempts,
    prompt_tokens: usage?.promptTokens,
    completion_tokens: usage?.completionTokens,
    load_ms: rounded(usage?.loadMs),
    ttft_ms: rounded(account.firstMs),
    total_ms: rounded(nowMs - visit.startedMs),
    failure: account.failure,
    ended: account.ended ?? (finished ? ((status ?? 0) < 400 ? 'answered' : 'refused') : 'client-left'),
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
