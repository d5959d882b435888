import type { RequestRecord } from '../request-context.ts';

/**
 * The `server-timing` header of a response, as far as it is known when the headers are sent, in ms: wait for a slot, wait for a
 * load, prompt and output.
 */
export function serverTiming({ queueMs, loadMs, askedMs, firstMs, usage }: RequestRecord): string | undefined {
  if (queueMs === undefined) return undefined;
  let text = `queue;dur=${tenths(queueMs)}, load;dur=${tenths(loadMs ?? 0)}`;
  // A stream's headers are sent with the first token: the time before it is the prompt's, as seen from here.
  const prefillMs =
    usage?.prefillMs ?? (askedMs === undefined || firstMs === undefined ? undefined : Math.max(0, firstMs - askedMs));
  if (prefillMs !== undefined) text += `, prefill;dur=${tenths(prefillMs)}`;
  if (usage?.decodeMs !== undefined) text += `, decode;dur=${tenths(usage.decodeMs)}`;
  return text;
}

function tenths(ms: number): string {
  return String(Math.round(ms * 10) / 10);
}
