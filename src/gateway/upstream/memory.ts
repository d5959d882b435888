import type { Dispatcher } from 'undici';
import type { BackendConfig, Deployment } from '../../schema/gateway-config.ts';
import type { ServerFailure } from '../exchange.ts';
import { failureOf } from './ollama/failure.ts';
import { loadBodies, loadedModels, unloadBody } from './ollama/memory.ts';
import type { Listing } from '../route/residence.ts';
import { brokenness, DEAD, isStale, lateness } from './fault.ts';
import type { Target } from './target.ts';

const LIST_MS = 2000;

/** How one server is reached. */
export interface Line {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}

/** Loads what a deployment wants, by a request that asks for nothing else, and waits for its end, or until the server is found `dead`; `undefined` where all went well. */
export async function load(
  line: Line,
  { model, keepAlive, options }: Deployment,
  limitMs: number,
  dead?: AbortSignal,
): Promise<ServerFailure | undefined> {
  let failure: ServerFailure | undefined;
  // What only embeds is loaded by nothing else.
  for (const { path, body } of loadBodies({ model, keepAlive, options })) {
    failure = await post(line, path, body, limitMs, dead);
    if (failure === undefined || !/does not support generate/i.test(failure.message)) return failure;
  }
  return failure;
}

/** Takes a model out of a server's memory as soon as it is idle there. */
export async function unload(line: Line, model: string): Promise<void> {
  await post(line, '/api/generate', unloadBody(model), LIST_MS);
}

/** What a server has in its memory; `undefined` where it does not say. */
export async function list(line: Line, { provider }: BackendConfig): Promise<Listing | undefined> {
  if (provider !== 'ollama') return undefined;
  const askedMs = performance.now();
  try {
    const { dispatcher, target, headers } = line;
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
  line: Line,
  path: string,
  body: string,
  limitMs: number,
  dead?: AbortSignal,
  isAgain = false,
): Promise<ServerFailure | undefined> {
  const { dispatcher, target, headers } = line;
  const sentMs = performance.now();
  const late = limitMs === 0 ? [] : [AbortSignal.timeout(Math.min(limitMs, 2_147_483_647))];
  const signal = AbortSignal.any([...late, ...(dead === undefined ? [] : [dead])]);
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
    return answer.statusCode === 200 ? undefined : failureOf(answer.statusCode, text);
  } catch (error) {
    if (dead?.aborted === true) return DEAD;
    if (!isAgain && !signal.aborted && isStale(error, performance.now() - sentMs))
      return post(line, path, body, limitMs, dead, true);
    return signal.aborted
      ? lateness('first-byte', limitMs)
      : brokenness(error instanceof Error ? error : new Error(String(error)));
  }
}
