import { Agent, request } from 'undici';
import { isOrdinaryText, Secret } from '../../core/secret.ts';
import { parseJson } from '../../core/json.ts';
import { readBody } from './body-reader.ts';
import { walkConnection, type ConnectionSteps } from './connection.ts';
import { at, type RecordedRequest, type Exchange, type KeyKind } from './exchange.ts';
import { ABORTED, behindForward, diagnose } from './diagnose.ts';
import type { SmokeTarget } from './target.ts';
import { tlsOptions } from './tls-trust.ts';

/** A key that no server accepts. */
const WRONG_KEY = 'sk-0000-this-key-is-wrong-on-purpose';
const MALFORMED: Partial<Readonly<Record<KeyKind, string>>> = {
  wrong: `Bearer ${WRONG_KEY}`,
  bare: 'Bearer',
  basic: 'Basic aHhsbG06d3Jvbmc=',
};
const CONNECT_TIMEOUT_MS = 10_000;

/** The keys of a target, how its certificate is judged, and how a refused connection is told. */
type TargetKeys = Pick<SmokeTarget, 'key' | 'previousKey' | 'revokedKey' | 'tls' | 'refusal'>;

/** A request relative to the target's address. */
export interface ProbeRequest {
  readonly method: 'GET' | 'POST';
  /** Relative to the API's root (`/v1`), or to the server's root with `below: 'server'`. */
  readonly path: string;
  readonly below?: 'api' | 'server';
  readonly key: KeyKind;
  readonly body?: object;
  /** The backend that the gateway is told to use. */
  readonly backend?: string;
  /** Closes the connection after so many blocks of a stream of events. */
  readonly leaveAfterBlocks?: number;
  /** One of many of a kind: the measurements keep its numbers, and the exchanges do not have it. */
  readonly unrecorded?: true;
  /** An interruption does not end it: something is to be taken back. */
  readonly uninterrupted?: true;
  /** The answer has a new key, for requests with the key `made`. The exchange does not have it. */
  readonly makesKey?: true;
  /** The limit from the request to the last byte. */
  readonly timeoutMs: number;
}

/** Sends requests to one server and keeps every exchange in order. */
export class Client {
  readonly exchanges: Exchange[] = [];
  readonly #agent: Agent;
  readonly #api: URL;
  readonly #server: URL;
  readonly #keys: TargetKeys;
  readonly #signal: AbortSignal;
  #madeKey: Secret | undefined;
  readonly #nowMs: () => number;

  /** `url`: the server's address, or its API's root as an SDK takes it. */
  constructor(url: URL, keys: TargetKeys, signal: AbortSignal, nowMs: () => number) {
    const path = url.pathname.replace(/\/+$/, '');
    this.#api = new URL(`${path === '' ? '/v1' : path}/`, url);
    this.#server = new URL(`${path.replace(/\/v1$/, '')}/`, url);
    this.#keys = keys;
    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, ...tlsOptions(keys.tls) },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#signal = signal;
    this.#nowMs = nowMs;
  }

  /** Whether only requests that are not interrupted are still sent. */
  get isInterrupted(): boolean {
    return this.#signal.aborted;
  }

  /** Sends one request and waits for its end. Every result is an exchange; it never throws. */
  async ask(question: ProbeRequest): Promise<Exchange> {
    const url = new URL(question.path, question.below === 'server' ? this.#server : this.#api);
    const asked: RecordedRequest = {
      method: question.method,
      url: url.href,
      key: question.key,
      body: question.body,
      backend: question.backend,
    };
    const exchange: Exchange = { asked, outcome: await this.#outcome(url, question) };
    if (question.unrecorded !== true) this.exchanges.push(exchange);
    return exchange;
  }

  /** Walks the way to the server step by step, without a request. */
  walk(): Promise<ConnectionSteps> {
    return walkConnection(this.#server, this.#keys, this.#signal, this.#nowMs);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #outcome(url: URL, question: ProbeRequest): Promise<Exchange['outcome']> {
    const startedMs = this.#nowMs();
    try {
      const { statusCode, headers, body } = await request(this.#sentUrl(url, question.key), {
        dispatcher: this.#agent,
        method: question.method,
        headers: {
          accept: 'application/json, text/event-stream',
          ...this.#authorization(question.key),
          ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(question.backend === undefined ? {} : { 'x-hxllm-backend': question.backend }),
        },
        body: question.body === undefined ? null : JSON.stringify(question.body),
        signal: AbortSignal.any([
          ...(question.uninterrupted === true ? [] : [this.#signal]),
          AbortSignal.timeout(question.timeoutMs),
        ]),
      });
      const clockMs = (): number => this.#nowMs() - startedMs;
      const firstByteMs = clockMs();
      const { text, blocksMs, left } = await readBody(body, clockMs, question.leaveAfterBlocks);
      if (question.makesKey === true) this.#takeKey(text);
      const isStream = /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
      return {
        answered: true,
        reply: {
          status: statusCode,
          headers: flatten(headers),
          body: this.#withoutKey(text),
          firstByteMs,
          totalMs: clockMs(),
          ...(isStream ? { blocksMs } : {}),
          ...(left ? { left } : {}),
        },
      };
    } catch (error) {
      return {
        answered: false,
        trouble:
          this.#signal.aborted && question.uninterrupted !== true
            ? ABORTED
            : behindForward(diagnose(error, url, this.#nowMs() - startedMs), this.#keys),
      };
    }
  }

  #authorization(key: KeyKind): Readonly<Record<string, string>> {
    const malformed = MALFORMED[key];
    if (malformed !== undefined) return { authorization: malformed };
    const { key: right, previousKey: previous, revokedKey: revoked } = this.#keys;
    const sent = new Map([
      ['right', right],
      ['previous', previous],
      ['revoked', revoked],
      ['made', this.#madeKey],
    ]).get(key);
    return sent === undefined ? {} : { authorization: `Bearer ${sent.reveal()}` };
  }

  #takeKey(answer: string): void {
    const key = at(parseJson(answer), 'key');
    if (typeof key === 'string' && key !== '') this.#madeKey = new Secret(key);
  }

  // The URL with the key is sent and kept nowhere.
  #sentUrl(url: URL, key: KeyKind): URL {
    const { key: right } = this.#keys;
    if (key !== 'query' || right === undefined) return url;
    const sent = new URL(url);
    sent.searchParams.set('api_key', right.reveal());
    return sent;
  }

  // If a server echoes a key, it must not get into the evidence. Of a key such as `ollama` an answer may hold the letters by itself.
  #withoutKey(text: string): string {
    const { key, previousKey, revokedKey } = this.#keys;
    return [key, previousKey, revokedKey, this.#madeKey].reduce(
      (rest, secret) =>
        secret === undefined || isOrdinaryText(secret.reveal()) ? rest : rest.replaceAll(secret.reveal(), '[redacted]'),
      text,
    );
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
