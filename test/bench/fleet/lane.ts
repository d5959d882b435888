import { setTimeout as sleep } from 'node:timers/promises';
import { patienceMs, type SimRequest } from '../../../src/simulation/request.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import { LEAST_PAUSE_MS, type SimRecord } from '../../../src/simulation/simulation.ts';
import { Targets } from '../../../src/simulation/target.ts';
import { KEY } from '../gateway/load.ts';
import { chat, type Seen } from './client.ts';
import { DIRECT_PATH, type OpenTime } from './loads.ts';
import { messagesOf } from './prompt.ts';
import type { Servers } from './servers.ts';

/** The result of a request, with the reason of a failure and the gateway's words about its way. */
export type LaneRecord = SimRecord & Partial<Pick<Seen, 'why' | 'route'>>;

/** The state of a request: its promise resolves with the text of its answer, `undefined` if there is none. */
interface Turn {
  readonly ended: Promise<string | undefined>;
  isOver: boolean;
}

/** A gateway in front of its own servers, and the requests of a scenario that it gets. */
export class Lane {
  readonly records: LaneRecord[] = [];
  readonly open: OpenTime[] = [];
  readonly #scenario: Scenario;
  readonly #url: string;
  readonly #servers: Servers;
  readonly #startMs: number;
  readonly #targets = new Targets();
  readonly #turns = new Map<number, Turn>();

  /** `startMs` is the time of `performance.now()` from which the times of the scenario count. */
  constructor(scenario: Scenario, url: string, servers: Servers, startMs: number) {
    this.#scenario = scenario;
    this.#url = url;
    this.#servers = servers;
    this.#startMs = startMs;
  }

  /** Sends all requests and carries out all faults, each at its time; resolves when every request has ended. */
  async run(): Promise<void> {
    const { requests, faults } = this.#scenario;
    const faulty = faults.map(async (fault) => {
      await this.#until(fault.atMs);
      await this.#servers.apply(fault);
    });
    await Promise.all([...faulty, ...requests.map(async (request) => this.#take(request))]);
  }

  async #until(atMs: number): Promise<void> {
    await sleep(Math.max(0, this.#startMs + atMs - performance.now()));
  }

  async #take(request: SimRequest): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const turn: Turn = { ended: promise, isOver: false };
    this.#turns.set(request.id, turn);
    await this.#until(request.sentMs);
    const before = request.follows === undefined ? undefined : this.#turns.get(request.follows);
    if (before?.isOver === false) {
      await before.ended;
      await sleep(LEAST_PAUSE_MS);
    }
    const text = await this.#send(request);
    turn.isOver = true;
    resolve(text);
  }

  async #send(request: SimRequest): Promise<string | undefined> {
    const { model, maxTokens, user, direct } = request;
    if (direct !== undefined) return this.#sendPast(request, direct);
    const nowMs = performance.now();
    const record: LaneRecord = {
      request,
      sentMs: nowMs - this.#startMs,
      targetMs: this.#targets.sent(request, nowMs),
      ttftMs: undefined,
      outcome: undefined,
      ends: 0,
    };
    this.records.push(record);
    const seen = await chat({
      url: this.#url,
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}`, 'x-hxllm-caller': user ?? '' },
      body: {
        model,
        messages: messagesOf(request, await this.#answersOf(request)),
        stream: true,
        ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      },
      patienceMs: patienceMs(request),
    });
    const { ttftMs, outcome, why, route } = seen;
    Object.assign(record, { ttftMs, outcome, why, route, ends: 1 });
    this.#targets.ended(request, performance.now());
    this.open.push({ model, fromMs: performance.timeOrigin + nowMs, toMs: performance.timeOrigin + performance.now() });
    return outcome === 'served' ? seen.text : undefined;
  }

  async #sendPast(request: SimRequest, server: number): Promise<undefined> {
    const prompt = messagesOf(request, [])
      .map(({ content }) => content)
      .join('\n');
    await chat({
      url: this.#servers.urls[server] ?? '',
      path: DIRECT_PATH,
      headers: {},
      body: { model: request.model, prompt },
      patienceMs: patienceMs(request),
    });
  }

  // The answers of the turns before, oldest first: each has ended.
  async #answersOf({ follows }: SimRequest): Promise<readonly (string | undefined)[]> {
    if (follows === undefined) return [];
    const earlier = this.#scenario.requests[follows];
    if (earlier === undefined) return [];
    return [...(await this.#answersOf(earlier)), await this.#turns.get(follows)?.ended];
  }
}
