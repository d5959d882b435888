import { Agent, request } from 'undici';
import type { Secret } from '../../../core/secret.ts';
import { longerChatQuestion } from '../questions.ts';
import type { SmokeTarget } from '../target.ts';
import { tlsOptions } from '../tls-trust.ts';
import type { StreamTiming } from './diagnosis.ts';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 1 << 20;
/** Headers that proxies add, or that tell them apart from the gateway. */
const PROXY_HEADERS = [
  'server',
  'via',
  'x-cache',
  'cf-ray',
  'x-varnish',
  'x-envoy-upstream-service-time',
  'x-proxy-cache',
];

/** The place of a stream, and the key for it. */
export interface StreamPlace {
  /** Of the chat completions. */
  readonly url: string;
  readonly key: Secret | undefined;
  readonly tls: SmokeTarget['tls'];
  readonly model: string;
}

/** Asks for a stream and notes when its events arrive; `undefined` if there was no complete one. */
export async function timeStream(
  { url, key, tls, model }: StreamPlace,
  signal: AbortSignal,
  nowMs: () => number,
): Promise<StreamTiming | undefined> {
  const agent = new Agent({ connect: tlsOptions(tls), headersTimeout: 0, bodyTimeout: 0 });
  const startedMs = nowMs();
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key.reveal()}` }),
      },
      body: JSON.stringify({ ...longerChatQuestion(model).body, stream: true }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const arrivals: number[] = [];
    let size = 0;
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > MAX_BYTES || statusCode !== 200) break;
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      const now = nowMs() - startedMs;
      for (const line of lines) if (/^data: ?\{/.test(line)) arrivals.push(now);
    }
    const [firstMs, lastMs] = [arrivals[0], arrivals.at(-1)];
    if (firstMs === undefined || lastMs === undefined) return undefined;
    const proxy = PROXY_HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [`${name}: ${String(value).slice(0, 80)}`];
    });
    return { events: arrivals.length, firstMs, lastMs, proxy };
  } catch {
    return undefined;
  } finally {
    await agent.destroy();
  }
}

/** Fewer events say nothing about gaps. */
const LEAST_EVENTS = 8;
/** A shorter wait can be that of a fast model. */
const LEAST_WAIT_MS = 250;

/**
 * Whether something held the events back and let them go together: a wait, and then more than a thousand events a second, which no model
 * makes for one request.
 */
export function isBuffered({ events, firstMs, lastMs }: StreamTiming): boolean {
  return events >= LEAST_EVENTS && firstMs >= LEAST_WAIT_MS && lastMs - firstMs < events;
}
