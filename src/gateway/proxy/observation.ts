import type { Usage } from '../exchange.ts';
import type { AttemptResult, Observation } from '../route/event.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';

/** What routing learns of a server from a request that has ended there; `firstMs`: how long its answer took to begin. */
export function observationOf(
  how: AttemptResult,
  usage: Usage | undefined,
  firstMs: number | undefined,
  upstreamRequest: UpstreamRequest | undefined,
): Observation {
  const { totalMs = 0, loadMs = 0, prefillMs = 0, decodeMs = 0 } = usage ?? {};
  const tokens = usage === undefined ? undefined : usage.promptTokens + usage.completionTokens;
  const known = totalMs > 0 && prefillMs > 0;
  // Whoever breaks off, we or the deadline: the server does not notice before it has read the prompt.
  const abandoned = how !== 'answered' && upstreamRequest?.brokenOff === true;
  return {
    tokens,
    firstMs: how === 'answered' ? firstMs : undefined,
    promptBytes: upstreamRequest?.bytes ?? 0,
    abandoned,
    prefillMs: known ? prefillMs : undefined,
    insideMs: known ? Math.max(0, totalMs - loadMs - prefillMs - decodeMs) : undefined,
  };
}
