import { Agent } from 'undici';
import type { BackendConfig, Deployment, GatewayConfig, Timeouts } from '../../schema/gateway-config.ts';
import type { Json } from '../json.ts';
import type { Ask, ChatRequest, Load, Outcome, ServerFailure, Share } from '../exchange.ts';
import { unsaid } from './openai/unsaid.ts';
import { tokensOf } from './ollama/context.ts';
import { loosened } from './ollama/schema.ts';
import type { Listing } from '../route/residence.ts';
import { Abilities } from './abilities.ts';
import { Attempt, type AttemptListener } from './attempt.ts';
import { callFor } from './call.ts';
import { QUIET_MS, type Limits } from './deadline.ts';
import { Counting } from './counting.ts';
import { Inquiries, type Inquiry } from './inquiry.ts';
import { list, load, unload, type Line } from './memory.ts';
import { fit } from './fitting.ts';
import { probe } from './probe.ts';
import { Sending, type SendingListener } from './sending.ts';
import { targetOf, type Target } from './target.ts';
import { Vigil } from './vigil.ts';

const LOOK_MS = 2000;

/** The servers of one configuration, as things to send requests to. */
export class Upstream {
  readonly #agent: Agent;
  readonly #timeouts: Timeouts;
  readonly #strict: boolean;
  readonly #abilities: Abilities;
  readonly #inquiries: Inquiries;
  readonly #counting: Counting;
  readonly #inquire = (deployment: Deployment, inquiry: Inquiry): Promise<Json | undefined> =>
    this.inquire(deployment, inquiry);
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #vigil: Vigil;
  /** Has connections of its own, on which requests may still run. */
  readonly #older: Upstream | undefined;

  /** One that takes the place of another goes on with its connections. */
  constructor({ backends, timeouts, strict }: GatewayConfig, previous?: Upstream) {
    this.#timeouts = timeouts;
    this.#strict = strict;
    this.#abilities = previous !== undefined ? previous.#abilities : new Abilities(() => performance.now());
    this.#inquiries = previous !== undefined ? previous.#inquiries : new Inquiries();
    this.#counting = previous !== undefined ? previous.#counting : new Counting();
    this.#targets = new Map(backends.map(({ url }) => [url, targetOf(url)]));
    this.#vigil = new Vigil(async (url) => {
      const backend = backends.find((known) => known.url === url);
      // Any answer at all shows that it has not stopped.
      return backend === undefined || (await probe(this.#lineTo(backend), backend.provider)) !== undefined;
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
  send(share: Share, deployment: Deployment, spentMs: number, listener: SendingListener): Sending {
    const sinceMs = performance.now() - spentMs;
    const sending = new Sending(
      share.asks,
      {
        strict: this.#strict,
        lacks: (asks) =>
          knowsContext(asks, deployment)
            ? this.#abilities.lacks(deployment)
            : new Set([...this.#abilities.lacks(deployment), 'context']),
        unsaid: deployment.provider === 'openai' ? unsaid : loosened,
        learn: (lack) => {
          this.#abilities.learn(deployment, lack);
        },
        look: (asks) =>
          needsEyes(asks) && deployment.provider === 'ollama' && !this.#abilities.isShown(deployment)
            ? this.#look(deployment)
            : undefined,
        settle: (settled) => this.#counting.settle(settled, deployment, this.#inquire),
        dispatch: (asks, to) =>
          this.#dispatch(asks, deployment, this.#limits(share, deployment, performance.now() - sinceMs), to),
      },
      listener,
    );
    sending.start();
    return sending;
  }

  #dispatch(asks: Ask, deployment: Deployment, limits: Limits, listener: AttemptListener): Attempt {
    const call = callFor(asks, deployment);
    const { origin, prefix } = this.#targetOf(deployment.url);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    const send = (attempt: Attempt): void => {
      this.#agent.dispatch({ origin, path: prefix + call.path, method: 'POST', headers, body: call.body }, attempt);
    };
    const attempt = new Attempt(call, limits, listener, send, (onDead) => this.#vigil.watch(deployment.url, onDead));
    send(attempt);
    return attempt;
  }

  /** How long a share may take as a whole, wherever it goes; `Infinity` where nothing limits it. */
  longestMs(share: Share, deployments: readonly Deployment[]): number {
    return Math.max(
      ...deployments.map((deployment) => this.#limits(share, deployment, 0).wholeMs || Number.POSITIVE_INFINITY),
    );
  }

  /** Loads what a deployment wants, and waits for its end; `undefined` where all went well. */
  async load(deployment: Deployment): Promise<ServerFailure | undefined> {
    const dead = new AbortController();
    let end = (): void => undefined;
    const quiet = setTimeout(() => {
      end = this.#vigil.watch(deployment.url, () => {
        dead.abort();
      });
    }, QUIET_MS).unref();
    try {
      return await load(this.#lineTo(deployment), deployment, this.#timeouts.firstByteMs, dead.signal);
    } finally {
      clearTimeout(quiet);
      end();
    }
  }

  /** Takes a model out of a server's memory. */
  async unload(backend: BackendConfig, model: string): Promise<void> {
    await unload(this.#lineTo(backend), model);
  }

  /** What a server has in its memory. */
  async list(backend: BackendConfig): Promise<Listing | undefined> {
    return list(this.#lineTo(backend), backend);
  }

  /** Asks a server something about itself; `undefined` where it does not say. */
  inquire(server: Pick<BackendConfig, 'url' | 'apiKey'>, inquiry: Inquiry): Promise<Json | undefined> {
    return this.#inquiries.ask(this.#lineTo(server), inquiry);
  }

  /** About how many tokens the prompt of a chat has for a deployment, as far as its model can be asked it; `inMemory`: its model is. */
  async count(request: ChatRequest, deployment: Deployment, inMemory: boolean): Promise<Outcome<number>> {
    const fitted = fit({ kind: 'chat', request }, this.#abilities.lacks(deployment), this.#strict);
    if (!('asks' in fitted)) return { ok: false, failure: fitted };
    return {
      ok: true,
      value: await this.#counting.count(
        fitted.asks.kind === 'chat' ? fitted.asks.request : request,
        deployment,
        inMemory,
        this.#inquire,
      ),
    };
  }

  /** Asks a server whether it lives. */
  async probe(backend: BackendConfig): Promise<boolean> {
    const status = await probe(this.#lineTo(backend), backend.provider);
    // Any answer to the point shows life, also one that this key may not list models.
    return status !== undefined && status < 500;
  }

  // Whoever does not say what a model can do is asked for it all the same.
  async #look(deployment: Deployment): Promise<void> {
    const { origin, prefix } = this.#targetOf(deployment.url);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    try {
      const answer = await this.#agent.request({
        origin,
        path: `${prefix}/api/show`,
        method: 'POST',
        headers,
        body: JSON.stringify({ model: deployment.model }),
        signal: AbortSignal.timeout(LOOK_MS),
      });
      const shown: unknown = await answer.body.json();
      if (answer.statusCode !== 200 || typeof shown !== 'object' || shown === null) return;
      this.#abilities.show(
        deployment,
        'capabilities' in shown && Array.isArray(shown.capabilities) ? shown.capabilities : undefined,
      );
    } catch {
      // Whatever it is, the request will meet it too.
    }
  }

  /** Breaks all connections off. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#older?.close()]);
  }

  #lineTo(server: Pick<BackendConfig, 'url' | 'apiKey'>): Line {
    return { dispatcher: this.#agent, target: this.#targetOf(server.url), headers: authorization(server) };
  }

  #targetOf(url: string): Target {
    return this.#targets.get(url) ?? targetOf(url);
  }

  #limits({ stream }: Share, { timeoutMs, streamTimeoutMs }: Deployment, spentMs: number): Limits {
    const { firstByteMs, idleMs, wholeMs, totalMs } = this.#timeouts;
    const most = stream ? totalMs : least(timeoutMs ?? wholeMs, totalMs);
    return {
      firstByteMs: stream ? (streamTimeoutMs ?? timeoutMs ?? firstByteMs) : firstByteMs,
      idleMs,
      wholeMs: most === 0 ? 0 : Math.max(1, most - spentMs),
    };
  }
}

function needsEyes(asks: Ask): boolean {
  if (asks.kind === 'embed') return false;
  return asks.kind === 'chat'
    ? asks.request.messages.some(({ images }) => images.length > 0)
    : (asks.request.images ?? []).length > 0;
}

// Whoever is no Ollama takes none.
function knowsContext(asks: Ask | Load, { provider, model }: Deployment): boolean {
  if (asks.kind !== 'completion' || asks.request.context === undefined) return true;
  return provider === 'ollama' && tokensOf(asks.request.context, model) !== undefined;
}

function authorization({ apiKey }: Pick<BackendConfig, 'apiKey'>): Readonly<Record<string, string>> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
}

// 0 is no limit.
function least(a: number, b: number): number {
  return a === 0 ? b : b === 0 ? a : Math.min(a, b);
}
