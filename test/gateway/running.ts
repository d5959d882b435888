import assert from 'node:assert/strict';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { KeyRecords } from '../../src/gateway/key-records.ts';
import { readConfigText } from '../../src/gateway/process/config-file.ts';
import type { ConnectionLimits } from '../../src/gateway/http/connection-limits.ts';
import { until } from '../until.ts';

export { until };

/** The key of every gateway in these tests. */
export const KEY = 'sk-0123456789abcdef';

interface Init extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway that listens in this process. */
export interface Running extends Gateway {
  readonly url: string;
  readonly port: number;
  readonly records: KeyRecords;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** The same, to write to. */
  readonly entries: Readonly<Record<string, unknown>>[];
  /** Log lines of requests that have ended. */
  ended(): readonly Readonly<Record<string, unknown>>[];
  /** Number of open connections of clients. */
  connections(): number;
  /** Sends a request with the key. */
  ask(path: string, init?: Init): Promise<Response>;
  chat(more?: object, init?: Init): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a gateway for the alias `m` on these backends, or for a configuration of its own; `limits` as in {@link createGateway}. The keys of
 * its state folder are read.
 */
export async function startGateway(
  backends: readonly { readonly url: string }[],
  more: object = {},
  limits?: Partial<ConnectionLimits>,
): Promise<Running> {
  const model_list = backends.map(({ url }) => ({
    model_name: 'm',
    litellm_params: { model: 'ollama_chat/m', api_base: url },
  }));
  const text = JSON.stringify({ model_list, general_settings: { master_key: KEY }, ...more });
  const { config, errors } = readConfigText(text, 'config.yaml', { environment: {} });
  assert.ok(config !== undefined, JSON.stringify(errors));
  const log: Readonly<Record<string, unknown>>[] = [];
  const write = (entry: Readonly<Record<string, unknown>>): number => log.push(entry);
  const records = new KeyRecords(config.stateDir, write);
  const read = await records.begin();
  assert.ok(read.ok, JSON.stringify(read));
  const gateway = createGateway(config, write, limits, undefined, records);
  const addresses = await gateway.listen({ kind: 'address', address: { host: '127.0.0.1', port: 0 } });
  assert.ok(addresses.ok);
  const port = addresses.value[0]?.port ?? 0;
  const url = `http://127.0.0.1:${String(port)}`;
  const ask = (path: string, init: Init = {}): Promise<Response> =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${KEY}`, ...init.headers } });
  return {
    ...gateway,
    records,
    url,
    port,
    log,
    entries: log,
    ask,
    connections: () => Number(/^hxllm_client_connections (\d+)$/m.exec([...gateway.metrics.parts()].join(''))?.[1]),
    ended: () => log.filter(({ event }) => event === 'request'),
    chat: (body = {}, init = {}) =>
      ask('/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }),
        ...init,
      }),
    [Symbol.asyncDispose]: async () => {
      await gateway.stop(0, AbortSignal.abort());
    },
  };
}

/** These backends for the alias `m`, in this order: a backend is used only if those before it cannot be. */
export function inOrder(...backends: readonly { readonly url: string }[]): object {
  return {
    model_list: backends.map(({ url }, index) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url, order: index + 1 },
    })),
  };
}

/** Waits until every backend has listed its memory. */
export async function untilListed(gateway: Running): Promise<void> {
  const { fleet } = gateway.service().scheduler;
  await until('every backend has listed its memory', () =>
    [...fleet.backends.values()].every(({ listed }) => listed !== undefined),
  );
}

/** As {@link until}, with mocked timers. */
export async function untilTurned(what: string, holds: () => boolean, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `timed out: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The text of a whole chat response. */
export async function textOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? '';
}

/** The error object of a response, after a check of its shape. */
export async function errorOf(response: Response): Promise<{
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}> {
  assert.match(response.headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const body = (await response.json()) as {
    error: { message: string; type: string; param: string | null; code: string | null };
  };
  assert.deepEqual(Object.keys(body), ['error']);
  assert.deepEqual(Object.keys(body.error), ['message', 'type', 'param', 'code']);
  return body.error;
}
