import type { Usage } from '../exchange.ts';
import type { AttemptResult, Observation } from '../route/event.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';

/** The facts that routing learns from an attempt that has ended; `firstMs` is the time to the first content. */
export function observationOf(
  how: AttemptResult,
  usage: Usage | undefined,
  firstMs: number | undefined,
  upstreamRequest: UpstreamRequest | undefined,
): Observation {
  const { totalMs = 0, loadMs = 0, prefillMs = 0, decodeMs = 0 } = usage ?? {};
  // A client that leaves, or a stream that breaks, has had a part.
  const cost = usage ?? upstreamRequest?.usageSoFar;
  const tokens = cost === undefined ? undefined : cost.promptTokens + cost.completionTokens;
  const known = totalMs > 0 && prefillMs > 0;
  // A cancelled backend notices only when it has read the prompt.
  const abandoned = how !== 'answered' && upstreamRequest?.cancelled === true;
  const isCounted = cost !== undefined && cost.estimated !== true;
  return {
    tokens,
    promptTokens: isCounted && known ? cost.promptTokens : undefined,
    outTokens: cost?.completionTokens,
    decodeMs: known ? decodeMs : undefined,
    firstMs: how === 'answered' ? firstMs : undefined,
    promptBytes: upstreamRequest?.newLength ?? 0,
    abandoned,
    prefillMs: known ? prefillMs : undefined,
    insideMs: known ? Math.max(0, totalMs - loadMs - prefillMs - decodeMs) : undefined,
  };
}
