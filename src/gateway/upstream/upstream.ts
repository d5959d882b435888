import { Agent } from 'undici';
import type { BackendConfig, Deployment, GatewayConfig, Timeouts } from '../../schema/gateway-config.ts';
import type { Share } from '../exchange.ts';
import { Attempt, type AttemptListener } from './attempt.ts';
import { callFor } from './call.ts';
import type { Limits } from './deadline.ts';
import { targetOf, type Target } from './target.ts';

const PROBE_MS = 2000;

/** The servers of one configuration, as things to send requests to. */
export class Upstream {
  readonly #agent: Agent;
  readonly #timeouts: Timeouts;
  readonly #targets: ReadonlyMap<string, Target>;
  /** Has connections of its own, on which requests may still run. */
  readonly #older: Upstream | undefined;

  /** One that takes the place of another goes on with its connections. */
  constructor({ backends, timeouts }: GatewayConfig, previous?: Upstream) {
    this.#timeouts = timeouts;
    this.#targets = new Map(backends.map(({ url }) => [url, targetOf(url)]));
    const kept = previous !== undefined && previous.#timeouts.connectMs === timeouts.connectMs ? previous : undefined;
    this.#older = kept === undefined ? previous : kept.#older;
    // undici's own limits are off: those that hold are the attempt's. HTTP/2 is something that Ollama does not speak.
    this.#agent = kept === undefined ? new Agent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false, connect: { timeout: timeouts.connectMs } }) : kept.#agent;
  }

  /** Sends a share of an order to a deployment; `spentMs` of its time have passed already. */
  send(share: Share, deployment: Deployment, spentMs: number, listener: AttemptListener): Attempt {
    const call = callFor(share.asks, deployment);
    const { origin, prefix } = this.#targetOf(deployment.url);
    const attempt = new Attempt(call, this.#limits(share, deployment, spentMs), listener);
    const headers = { 'content-type': 'application/json', ...authorization(deployment) };
    this.#agent.dispatch({ origin, path: prefix + call.path, method: 'POST', headers, body: call.body }, attempt);
    return attempt;
  }

  /** Asks a server whether it lives, with something that costs it nothing. */
  async probe(backend: BackendConfig): Promise<boolean> {
    const { origin, prefix } = this.#targetOf(backend.url);
    const path = prefix + (backend.provider === 'ollama' ? '/api/version' : '/models');
    try {
      const answer = await this.#agent.request({ origin, path, method: 'GET', headers: authorization(backend), signal: AbortSignal.timeout(PROBE_MS) });
      await answer.body.dump();
      // Any answer to the point shows life, also one that this key may not list models.
      return answer.statusCode < 500;
    } catch {
      return false;
    }
  }

  /** Breaks all connections off. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#older?.close()]);
  }

  #targetOf(url: string): Target {
    return this.#targets.get(url) ?? targetOf(url);
  }

  #limits({ stream }: Share, { timeoutMs, streamTimeoutMs }: Deployment, spentMs: number): Limits {
    const { firstByteMs, idleMs, wholeMs, totalMs } = this.#timeouts;
    const most = stream ? totalMs : least(timeoutMs ?? wholeMs, totalMs);
    return { firstByteMs: stream ? (streamTimeoutMs ?? timeoutMs ?? firstByteMs) : firstByteMs, idleMs, wholeMs: most === 0 ? 0 : Math.max(1, most - spentMs) };
  }
}

function authorization({ apiKey }: Pick<BackendConfig, 'apiKey'>): Readonly<Record<string, string>> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
}

// 0 is no limit.
function least(a: number, b: number): number {
  return a === 0 ? b : b === 0 ? a : Math.min(a, b);
}
