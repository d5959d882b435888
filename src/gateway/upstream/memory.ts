import type { Dispatcher } from 'undici';
import { asError } from '../../core/error.ts';
import type { ServerFailure } from '../exchange.ts';
import type { ModelTarget, Provider, WirePost } from './provider.ts';
import type { Listing } from '../route/residency.ts';
import { QUIET_MS } from './deadline.ts';
import { connectionFailure, UNRESPONSIVE, isStale, timeoutFailure } from './exchange-failure.ts';
import { request, type Connection } from './connection.ts';

const LIST_MS = 2000;

type Memory = NonNullable<Provider['memory']>;

/** Loads the model of a deployment by a request that does nothing else, and waits for the end of the load, or until the backend is `unresponsive`. Returns the failure, if any. */
export async function load(
  connection: Connection,
  memory: Memory,
  target: ModelTarget,
  limitMs: number,
  unresponsive?: AbortSignal,
): Promise<ServerFailure | undefined> {
  let failure: ServerFailure | undefined;
  for (const wirePost of memory.loads(target)) {
    failure = await post(connection, memory, wirePost, limitMs, unresponsive);
    if (failure === undefined || !memory.isWrongLoad(failure)) return failure;
  }
  return failure;
}

/** As {@link load}: a server that is silent for long is watched until the end; `watch` calls back if it has stopped, and returns its end. */
export async function loadWatched(
  connection: Connection,
  memory: Memory,
  target: ModelTarget,
  limitMs: number,
  watch: (onDead: () => void) => () => void,
): Promise<ServerFailure | undefined> {
  const unresponsive = new AbortController();
  let end = (): void => undefined;
  const quiet = setTimeout(() => {
    end = watch(() => {
      unresponsive.abort();
    });
  }, QUIET_MS).unref();
  try {
    return await load(connection, memory, target, limitMs, unresponsive.signal);
  } finally {
    clearTimeout(quiet);
    end();
  }
}

/** Whether a model gives any answer within a time, ms: a refusal is one, and so is a broken connection, which is probed by itself. */
export async function answers(
  connection: Connection,
  memory: Memory,
  target: ModelTarget,
  limitMs: number,
): Promise<boolean> {
  for (const wirePost of memory.tests(target)) {
    const failure = await post(connection, memory, wirePost, limitMs);
    if (failure === undefined || !memory.isWrongLoad(failure)) return failure?.kind !== 'timeout';
  }
  return true;
}

/** Unloads a model as soon as it is idle. */
export async function unload(connection: Connection, memory: Memory, model: string): Promise<void> {
  await post(connection, memory, memory.unload(model), LIST_MS);
}

/** Lists the models in a backend's memory; `undefined` if it does not answer with a list in time. */
export async function list(connection: Connection, { listPath, readList }: Memory): Promise<Listing | undefined> {
  const askedMs = performance.now();
  try {
    const { statusCode, body } = await request(connection, listPath, undefined, AbortSignal.timeout(LIST_MS));
    const models = readList(await body.text());
    return statusCode === 200 && models !== undefined ? { models, askedMs } : undefined;
  } catch {
    return undefined;
  }
}

async function post(
  connection: Connection,
  memory: Memory,
  wirePost: WirePost,
  limitMs: number,
  unresponsive?: AbortSignal,
  again?: Dispatcher,
): Promise<ServerFailure | undefined> {
  const sentMs = performance.now();
  const late = limitMs === 0 ? [] : [AbortSignal.timeout(Math.min(limitMs, 2_147_483_647))];
  const signal = AbortSignal.any([...late, ...(unresponsive === undefined ? [] : [unresponsive])]);
  try {
    const sent = again === undefined ? connection : { ...connection, dispatcher: again };
    const answer = await request(sent, wirePost.path, wirePost.body, signal);
    const text = await answer.body.text();
    return answer.statusCode === 200 ? undefined : memory.fail(answer.statusCode, text);
  } catch (error) {
    if (unresponsive?.aborted === true) return UNRESPONSIVE;
    if (again === undefined && !signal.aborted && isStale(error, performance.now() - sentMs))
      return post(connection, memory, wirePost, limitMs, unresponsive, connection.fresh());
    // A load may be sent again in any case, so it does not matter whether the connection was made; a code of connect(2) comes from nothing else.
    return signal.aborted ? timeoutFailure('first-byte', limitMs) : connectionFailure(asError(error), false);
  } finally {
    void again?.close();
  }
}
