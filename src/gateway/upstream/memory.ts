import type { Dispatcher } from 'undici';
import type { BackendConfig, Deployment } from '../../schema/gateway-config.ts';
import type { ServerFailure } from '../exchange.ts';
import { ollamaFailure } from './ollama/ollama-failure.ts';
import { loadBodies, loadedModels, unloadBody } from './ollama/memory.ts';
import type { Listing } from '../route/residency.ts';
import { connectionFailure, UNRESPONSIVE, isStale, timeoutFailure } from './exchange-failure.ts';
import type { Target } from './target.ts';

const LIST_MS = 2000;

/** How one server is reached. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}

/** Loads what a deployment wants, by a request that asks for nothing else, and waits for its end, or until the server is found `dead`; `undefined` where all went well. */
export async function load(
  connection: Connection,
  { model, keepAlive, options }: Deployment,
  limitMs: number,
  unresponsive?: AbortSignal,
): Promise<ServerFailure | undefined> {
  let failure: ServerFailure | undefined;
  // What only embeds is loaded by nothing else.
  for (const { path, body } of loadBodies({ model, keepAlive, options })) {
    failure = await post(connection, path, body, limitMs, unresponsive);
    if (failure === undefined || !/does not support generate/i.test(failure.message)) return failure;
  }
  return failure;
}

/** Takes a model out of a server's memory as soon as it is idle there. */
export async function unload(connection: Connection, model: string): Promise<void> {
  await post(connection, '/api/generate', unloadBody(model), LIST_MS);
}

/** What a server has in its memory; `undefined` where it does not say. */
export async function list(connection: Connection, { provider }: BackendConfig): Promise<Listing | undefined> {
  if (provider !== 'ollama') return undefined;
  const askedMs = performance.now();
  try {
    const { dispatcher, target, headers } = connection;
    const { statusCode, body } = await dispatcher.request({
      origin: target.origin,
      path: `${target.prefix}/api/ps`,
      method: 'GET',
      headers,
      signal: AbortSignal.timeout(LIST_MS),
    });
    const models = loadedModels(await body.text());
    return statusCode === 200 && models !== undefined ? { models, askedMs } : undefined;
  } catch {
    return undefined;
  }
}

async function post(
  connection: Connection,
  path: string,
  body: string,
  limitMs: number,
  unresponsive?: AbortSignal,
  isAgain = false,
): Promise<ServerFailure | undefined> {
  const { dispatcher, target, headers } = connection;
  const sentMs = performance.now();
  const late = limitMs === 0 ? [] : [AbortSignal.timeout(Math.min(limitMs, 2_147_483_647))];
  const signal = AbortSignal.any([...late, ...(unresponsive === undefined ? [] : [unresponsive])]);
  try {
    const answer = await dispatcher.request({
      origin: target.origin,
      path: target.prefix + path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal,
    });
    const text = await answer.body.text();
    return answer.statusCode === 200 ? undefined : ollamaFailure(answer.statusCode, text);
  } catch (error) {
    if (unresponsive?.aborted === true) return UNRESPONSIVE;
    if (!isAgain && !signal.aborted && isStale(error, performance.now() - sentMs))
      return post(connection, path, body, limitMs, unresponsive, true);
    return signal.aborted
      ? timeoutFailure('first-byte', limitMs)
      : connectionFailure(error instanceof Error ? error : new Error(String(error)));
  }
}
