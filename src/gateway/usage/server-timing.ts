import type { RequestRecord } from '../request-context.ts';

/**
 * The `server-timing` header of a response, as far as it is known when the headers are sent, in ms: wait for a slot, wait for a
 * load, prompt and output.
 */
export function serverTiming({ queueMs, loadMs, askedMs, firstMs, usage }: RequestRecord): string | undefined {
  if (queueMs === undefined) return undefined;
  const parts = [`queue;dur=${queueMs.toFixed(1)}`, `load;dur=${(loadMs ?? 0).toFixed(1)}`];
  // A stream's headers are sent with the first token: the time before it is the prompt's, as seen from here.
  const prefillMs =
    usage?.prefillMs ?? (askedMs === undefined || firstMs === undefined ? undefined : Math.max(0, firstMs - askedMs));
  if (prefillMs !== undefined) parts.push(`prefill;dur=${prefillMs.toFixed(1)}`);
  if (usage?.decodeMs !== undefined) parts.push(`decode;dur=${usage.decodeMs.toFixed(1)}`);
  return parts.join(', ');
}
