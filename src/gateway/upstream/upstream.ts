import { Agent } from 'undici';
import type { BackendConfig, Deployment, GatewayConfig, Timeouts } from '../../schema/gateway-config.ts';
import { isObject, type Json } from '../json.ts';
import type { ModelRequest, ChatRequest, LoadRequest, FailureOr, ServerFailure } from '../exchange.ts';
import type { Listing } from '../route/residency.ts';
import { Capabilities } from './capabilities.ts';
import { WireExchange, type WireExchangeListener } from './wire-exchange.ts';
import { wireRequestFor } from './wire-request-for.ts';
import { QUIET_MS, type UpstreamLimits } from './deadline.ts';
import { Counting } from './token-counting.ts';
import { QueryCache, type BackendQuery } from './query-cache.ts';
import type { Connection } from './connection.ts';
import { list, load, unload } from './memory.ts';
import { acceptsContext, adaptRequest, hasImages } from './adapt-request.ts';
import { probe } from './probe.ts';
import type { Provider } from './provider.ts';
import { providerOf } from './providers.ts';
import { UpstreamRequest, type UpstreamListener } from './upstream-request.ts';
import { targetOf, type Target } from './target.ts';
import { LivenessWatch } from './liveness-watch.ts';

const LOOK_MS = 2000;

/** The servers of one configuration, as things to send requests to. */
export class Upstream {
  readonly #agent: Agent;
  readonly #timeouts: Timeouts;
  readonly #strict: boolean;
  readonly #capabilities: Capabilities;
  readonly #queries: QueryCache;
  readonly #counting: Counting;
  readonly #query = (deployment: Deployment, query: BackendQuery): Promise<Json | undefined> =>
    this.query(deployment, query);
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #liveness: LivenessWatch;
  /** Has connections of its own, on which requests may still run. */
  readonly #older: Upstream | undefined;

  /** One that takes the place of another goes on with its connections. */
  constructor({ backends, timeouts, strict }: GatewayConfig, previous?: Upstream) {
    this.#timeouts = timeouts;
    this.#strict = strict;
    this.#capabilities = previous !== undefined ? previous.#capabilities : new Capabilities(() => performance.now());
    this.#queries = previous !== undefined ? previous.#queries : new QueryCache();
    this.#counting = previous !== undefined ? previous.#counting : new Counting();
    this.#targets = new Map(backends.map(({ url }) => [url, targetOf(url)]));
    this.#liveness = new LivenessWatch(async (url) => {
      const backend = backends.find((known) => known.url === url);
      // Any answer at all shows that it has not stopped.
      return backend === undefined || (await probe(this.#connectionTo(backend), providerOf(backend))) !== undefined;
    });
    const kept = previous !== undefined && previous.#timeouts.connectMs === timeouts.connectMs ? previous : undefined;
    this.#older = kept === undefined ? previous : kept.#older;
    // undici's own limits are off: those that hold are the attempt's. HTTP/2 is something that Ollama does not speak.
    this.#agent =
      kept === undefined
        ? new Agent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false, connect: { timeout: timeouts.connectMs } })
        : kept.#agent;
  }

  /** Sends a share of an order to a deployment; `spentMs` of its time have passed already. */
  send(
    request: ModelRequest | LoadRequest,
    stream: boolean,
    deployment: Deployment,
    spentMs: number,
    listener: UpstreamListener,
  ): UpstreamRequest {
    const sinceMs = performance.now() - spentMs;
    const upstreamRequest = new UpstreamRequest(
      request,
      {
        strict: this.#strict,
        missing: (asked) =>
          acceptsContext(asked, deployment)
            ? this.#capabilities.missing(deployment)
            : new Set([...this.#capabilities.missing(deployment), 'context']),
        unsupportedParams: providerOf(deployment).unsupportedParams,
        learn: (missing) => {
          this.#capabilities.learn(deployment, missing);
        },
        look: (asked) => {
          const { capabilities } = providerOf(deployment);
          return capabilities !== undefined && hasImages(asked) && !this.#capabilities.isShown(deployment)
            ? this.#look(deployment, capabilities)
            : undefined;
        },
        settle: (settled) => this.#counting.settle(settled, deployment, this.#query),
        dispatch: (asked, to) =>
          this.#dispatch(asked, deployment, this.#limits(stream, deployment, performance.now() - sinceMs), to),
      },
      listener,
    );
    upstreamRequest.start();
    return upstreamRequest;
  }

  #dispatch(
    request: ModelRequest,
    deployment: Deployment,
    limits: UpstreamLimits,
    listener: WireExchangeListener,
  ): WireExchange {
    const call = wireRequestFor(request, deployment);
    const { origin, prefix } = this.#targetOf(deployment.url);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    const send = (exchange: WireExchange): void => {
      this.#agent.dispatch({ origin, path: prefix + call.path, method: 'POST', headers, body: call.body }, exchange);
    };
    const exchange = new WireExchange(call, limits, listener, send, (onDead) =>
      this.#liveness.watch(deployment.url, onDead),
    );
    send(exchange);
    return exchange;
  }

  /** How long a share may take as a whole, wherever it goes; `Infinity` where nothing limits it. */
  longestMs(stream: boolean, deployments: readonly Deployment[]): number {
    return Math.max(
      ...deployments.map((deployment) => this.#limits(stream, deployment, 0).wholeMs || Number.POSITIVE_INFINITY),
    );
  }

  /** Loads what a deployment wants, and waits for its end; `undefined` where all went well. */
  async load(deployment: Deployment): Promise<ServerFailure | undefined> {
    const { memory } = providerOf(deployment);
    if (memory === undefined) return undefined;
    const unresponsive = new AbortController();
    let end = (): void => undefined;
    const quiet = setTimeout(() => {
      end = this.#liveness.watch(deployment.url, () => {
        unresponsive.abort();
      });
    }, QUIET_MS).unref();
    try {
      return await load(
        this.#connectionTo(deployment),
        memory,
        deployment,
        this.#timeouts.firstByteMs,
        unresponsive.signal,
      );
    } finally {
      clearTimeout(quiet);
      end();
    }
  }

  /** Takes a model out of a server's memory. */
  async unload(backend: BackendConfig, model: string): Promise<void> {
    const { memory } = providerOf(backend);
    if (memory !== undefined) await unload(this.#connectionTo(backend), memory, model);
  }

  /** What a server has in its memory. */
  async list(backend: BackendConfig): Promise<Listing | undefined> {
    const { memory } = providerOf(backend);
    return memory === undefined ? undefined : list(this.#connectionTo(backend), memory);
  }

  /** Asks a server something about itself; `undefined` where it does not say. */
  query(server: Pick<BackendConfig, 'url' | 'apiKey'>, query: BackendQuery): Promise<Json | undefined> {
    return this.#queries.get(this.#connectionTo(server), query);
  }

  /** About how many tokens the prompt of a chat has for a deployment, as far as its model can be asked it; `inMemory`: its model is. */
  async count(params: ChatRequest, deployment: Deployment, inMemory: boolean): Promise<FailureOr<number>> {
    const adapted = adaptRequest({ kind: 'chat', params }, this.#capabilities.missing(deployment), this.#strict);
    if (!('request' in adapted)) return { ok: false, failure: adapted };
    return {
      ok: true,
      value: await this.#counting.count(
        adapted.request.kind === 'chat' ? adapted.request.params : params,
        deployment,
        inMemory,
        this.#query,
      ),
    };
  }

  /** Asks a server whether it lives. */
  async probe(backend: BackendConfig): Promise<boolean> {
    const status = await probe(this.#connectionTo(backend), providerOf(backend));
    // Any answer to the point shows life, also one that this key may not list models.
    return status !== undefined && status < 500;
  }

  // If the capabilities cannot be had, the request is sent anyway.
  async #look(deployment: Deployment, { query, read }: NonNullable<Provider['capabilities']>): Promise<void> {
    const { origin, prefix } = this.#targetOf(deployment.url);
    const { path, body } = query(deployment.model);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    try {
      const answer = await this.#agent.request({
        origin,
        path: prefix + path,
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(LOOK_MS),
      });
      const shown: unknown = await answer.body.json();
      if (answer.statusCode === 200 && isObject(shown)) this.#capabilities.show(deployment, read(shown));
    } catch {
      // The request meets the same failure, and reports it.
    }
  }

  /** Breaks all connections off. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#older?.close()]);
  }

  #connectionTo(server: Pick<BackendConfig, 'url' | 'apiKey'>): Connection {
    return { dispatcher: this.#agent, target: this.#targetOf(server.url), headers: authorization(server) };
  }

  #targetOf(url: string): Target {
    return this.#targets.get(url) ?? targetOf(url);
  }

  #limits(stream: boolean, { timeoutMs, streamTimeoutMs }: Deployment, spentMs: number): UpstreamLimits {
    const { firstByteMs, idleMs, wholeMs, totalMs } = this.#timeouts;
    const most = stream ? totalMs : least(timeoutMs ?? wholeMs, totalMs);
    return {
      firstByteMs: stream ? (streamTimeoutMs ?? timeoutMs ?? firstByteMs) : firstByteMs,
      idleMs,
      wholeMs: most === 0 ? 0 : Math.max(1, most - spentMs),
    };
  }
}

function authorization({ apiKey }: Pick<BackendConfig, 'apiKey'>): Readonly<Record<string, string>> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
}

// 0 is no limit.
function least(a: number, b: number): number {
  return a === 0 ? b : b === 0 ? a : Math.min(a, b);
}
