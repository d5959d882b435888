import type { Dispatcher } from 'undici';
import type { BackendConfig, Deployment, GatewayConfig, Timeouts } from '../../schema/gateway-config.ts';
import { type Json } from '../json.ts';
import type { ModelRequest, ChatRequest, LoadRequest, FailureOr, ServerFailure } from '../exchange.ts';
import type { Listing } from '../route/residency.ts';
import { Capabilities } from './capabilities.ts';
import { WireExchange, type WireExchangeListener } from './wire-exchange.ts';
import { untaggedRequestFor, wireRequestFor, withThinking } from './wire-request-for.ts';
import { HttpAgent } from './http-agent.ts';
import { limitsOf, type UpstreamLimits } from './deadline.ts';
import { Contexts } from './contexts.ts';
import { Counting } from './token-counting.ts';
import { QueryCache, type BackendQuery } from './query-cache.ts';
import { authorization, type Connection } from './connection.ts';
import { answers, list, loadWatched, unload } from './memory.ts';
import { adaptRequest, bodyWithoutImages } from './adapt-request.ts';
import { DeploymentTarget, type TargetParts } from './deployment-target.ts';
import { probe, PROBE_MS, type ProbeResult } from './probe.ts';
import type { Provider } from './provider.ts';
import { providerOf } from './providers.ts';
import { PromptMemory } from './prompt-memory.ts';
import { UpstreamRequest, type UpstreamListener } from './upstream-request.ts';
import { targetOf, type Target } from './target.ts';
import { LivenessWatch } from './liveness-watch.ts';

/** The servers of one configuration. */
export class Upstream {
  /** The contexts that have grown. */
  readonly contexts: Contexts;
  readonly #http: HttpAgent;
  readonly #timeouts: Timeouts;
  readonly #strict: boolean;
  readonly #capabilities: Capabilities;
  readonly #queries: QueryCache;
  readonly #counting: Counting;
  /** Estimates the tokens of a request's prompt. */
  readonly estimate: Counting['estimate'] = (request, deployment) => this.#counting.estimate(request, deployment);
  readonly #query = (on: Deployment, query: BackendQuery): Promise<Json | undefined> => this.query(on, query);
  readonly #prompts: PromptMemory;
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #liveness: LivenessWatch;
  readonly #backends: ReadonlyMap<string, BackendConfig>;
  readonly #parts: TargetParts;

  /** `previous` is replaced by {@link takeOver}: its connections and what it has learned are kept. Until then it stays as it is. */
  constructor({ backends, timeouts, strict, mostContext }: GatewayConfig, previous?: Upstream) {
    this.contexts = previous !== undefined ? previous.contexts : new Contexts(mostContext);
    this.#timeouts = timeouts;
    this.#strict = strict;
    this.#capabilities = previous !== undefined ? previous.#capabilities : new Capabilities(() => performance.now());
    this.#queries = previous !== undefined ? previous.#queries : new QueryCache();
    this.#counting = previous !== undefined ? previous.#counting : new Counting();
    this.#prompts = previous !== undefined ? previous.#prompts : new PromptMemory();
    this.#backends = new Map(backends.map((backend) => [backend.url, backend]));
    this.#targets = new Map(backends.map(({ url }) => [url, targetOf(url)]));
    this.#liveness = new LivenessWatch(async (url, ended) => {
      const backend = this.#backends.get(url);
      if (backend === undefined) return true;
      const provider = providerOf(backend);
      // A server that serves one thing at a time gets one probe for the whole wait: each further connection would fill its backlog,
      // until it takes none.
      const limitMs = provider.answersWhileBusy ? PROBE_MS : 0;
      const result = await probe(this.#connectionTo(backend), provider, limitMs, ended);
      // Any answer shows that the server has not stopped.
      return result === 'up' || result === 'failing' || (result === 'silent' && !provider.answersWhileBusy);
    });
    this.#http = previous !== undefined ? previous.#http : new HttpAgent(timeouts.connectMs);
    this.#parts = {
      strict,
      timeouts,
      capabilities: this.#capabilities,
      askCapabilities: (deployment, capabilities) => this.#askCapabilities(deployment, capabilities),
      settle: (settled, deployment) => this.#counting.settle(settled, deployment, this.#query),
      dispatch: (request, deployment, limits, to) => this.#dispatch(request, deployment, limits, to),
    };
  }

  /** Replaces the servers of the configuration before this one. */
  takeOver({ groups, mostContext }: GatewayConfig): void {
    this.contexts.limit(mostContext);
    this.#counting.keep(groups.flatMap(({ deployments }) => deployments));
    this.#http.limitConnect(this.#timeouts.connectMs);
  }

  /** The backend with a URL; `undefined` if the configuration has none. */
  backend(url: string): BackendConfig | undefined {
    return this.#backends.get(url);
  }

  /** Sends a request to a deployment; `spentMs` of its time have passed already. */
  send(
    request: ModelRequest | LoadRequest,
    stream: boolean,
    written: Deployment,
    spentMs: number,
    listener: UpstreamListener,
  ): UpstreamRequest {
    const sinceMs = performance.now() - spentMs;
    const deployment = this.contexts.sized(written);
    const grown = deployment === written ? undefined : this.contexts.of(written);
    const growsFirst = this.contexts.mostOf(written) !== undefined;
    const target = new DeploymentTarget(this.#parts, deployment, growsFirst, stream, sinceMs);
    const upstreamRequest = new UpstreamRequest(withThinking(request, deployment), target, listener, grown);
    upstreamRequest.start();
    return upstreamRequest;
  }

  #dispatch(
    request: ModelRequest,
    deployment: Deployment,
    limits: UpstreamLimits,
    listener: WireExchangeListener,
  ): WireExchange {
    const isBlind =
      providerOf(deployment).capabilities === undefined || this.#capabilities.missing(deployment).has('images');
    const call = isBlind ? wireRequestFor(request, deployment) : untaggedRequestFor(request, deployment);
    const { origin, prefix } = this.#targetOf(deployment.url);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    const send = (dispatcher: Dispatcher, exchange: WireExchange): void => {
      dispatcher.dispatch({ origin, path: prefix + call.path, method: 'POST', headers, body: call.body }, exchange);
    };
    const sendAgain = (exchange: WireExchange): void => {
      // Other pooled connections may be stale too.
      const fresh = this.#http.fresh(origin);
      send(fresh, exchange);
      void fresh.close();
    };
    const newLength = this.#prompts.add(deployment, bodyWithoutImages(request, call.body));
    const exchange = new WireExchange(call, newLength, limits, listener, sendAgain, (onDead) =>
      this.#liveness.watch(deployment.url, onDead),
    );
    exchange.begin(() => {
      send(this.#http.at(origin), exchange);
    });
    return exchange;
  }

  /** The longest time that a response may take on any of the deployments, ms; `Infinity` if nothing limits it. */
  longestMs(stream: boolean, deployments: readonly Deployment[]): number {
    let longest = 0;
    for (const deployment of deployments)
      longest = Math.max(longest, limitsOf(this.#timeouts, stream, deployment, 0).wholeMs || Number.POSITIVE_INFINITY);
    return longest;
  }

  /** Loads the model of a deployment, and waits for the end of the load. Returns the failure, if any. */
  async load(deployment: Deployment): Promise<ServerFailure | undefined> {
    const { memory } = providerOf(deployment);
    if (memory === undefined) return undefined;
    return loadWatched(this.#connectionTo(deployment), memory, deployment, this.#timeouts.loadMs, (onDead) =>
      this.#liveness.watch(deployment.url, onDead),
    );
  }

  /** Whether the model of a deployment gives any answer to a request for one token within a time, ms. */
  async answers(deployment: Deployment, limitMs: number): Promise<boolean> {
    const { memory } = providerOf(deployment);
    return memory === undefined || answers(this.#connectionTo(deployment), memory, deployment, limitMs);
  }

  /** Unloads a model. */
  async unload(backend: BackendConfig, model: string): Promise<void> {
    const { memory } = providerOf(backend);
    if (memory !== undefined) await unload(this.#connectionTo(backend), memory, model);
  }

  /** The models in a server's memory; `undefined` if it does not list them. */
  async list(backend: BackendConfig): Promise<Listing | undefined> {
    const { memory } = providerOf(backend);
    return memory === undefined ? undefined : list(this.#connectionTo(backend), memory);
  }

  /** Queries a server; `undefined` if it does not answer. */
  query(server: Pick<BackendConfig, 'url' | 'apiKey'>, query: BackendQuery): Promise<Json | undefined> {
    return this.#queries.get(this.#connectionTo(server), query);
  }

  /** Estimates the tokens of a chat's prompt. `inMemory`: the model is in memory, so that its template can be rendered. */
  async count(params: ChatRequest, written: Deployment, inMemory: boolean): Promise<FailureOr<number>> {
    const deployment = this.contexts.sized(written);
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

  /** Probes a server. The silence of a server that serves one thing at a time counts as `up`. */
  async probe(backend: BackendConfig): Promise<ProbeResult> {
    const provider = providerOf(backend);
    const result = await probe(this.#connectionTo(backend), provider);
    return result === 'silent' && !provider.answersWhileBusy ? 'up' : result;
  }

  // If the capabilities cannot be had, the request is sent anyway.
  async #askCapabilities(
    deployment: Deployment,
    { query, read }: NonNullable<Provider['capabilities']>,
  ): Promise<void> {
    const answer = await this.query(deployment, query(deployment.model));
    if (answer !== undefined) this.#capabilities.show(deployment, read(answer));
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  #connectionTo(server: Pick<BackendConfig, 'url' | 'apiKey'>): Connection {
    const target = this.#targetOf(server.url);
    return {
      dispatcher: this.#http.at(target.origin),
      target,
      headers: authorization(server),
      fresh: () => this.#http.fresh(target.origin),
    };
  }

  #targetOf(url: string): Target {
    return this.#targets.get(url) ?? targetOf(url);
  }
}
