import type { RequestRecord } from '../request-context.ts';

/** The `server-timing` of a reply, as far as it is known when its headers leave, in ms: what the request waited for a place and for a load, what the prompt took and what the answer. */
export function serverTiming({ queueMs, loadMs, askedMs, firstMs, usage }: RequestRecord): string | undefined {
  if (queueMs === undefined) return undefined;
  const parts = [`queue;dur=${queueMs.toFixed(1)}`, `load;dur=${(loadMs ?? 0).toFixed(1)}`];
  // A stream's headers leave with the first token: what came before it is the prompt, as seen from here.
  const prefillMs =
    usage?.prefillMs ?? (askedMs === undefined || firstMs === undefined ? undefined : Math.max(0, firstMs - askedMs));
  if (prefillMs !== undefined) parts.push(`prefill;dur=${prefillMs.toFixed(1)}`);
  if (usage?.decodeMs !== undefined) parts.push(`decode;dur=${usage.decodeMs.toFixed(1)}`);
  return parts.join(', ');
}
