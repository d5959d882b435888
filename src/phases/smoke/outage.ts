import { fail, type Problem } from '../../core/problem.ts';
import type { Client } from './client.ts';
import { ABORTED } from './diagnose.ts';
import { at, backendOf, describeReply, jsonOf, replyOf, type Exchange } from './exchange.ts';
import type { Memory } from './memory.ts';
import { embeddingQuestion, healthQuestion, longerChatQuestion, questionFor } from './questions.ts';
import { serversOf, type SmokeTarget } from './target.ts';

/** Requests at once while a server is out. */
const WORKERS = 3;
/** Answers of each worker that are waited for: before, while it is out, and after. */
const ROUNDS = 2;
/** The time for the server to be used again, ms. A probe has to find it up first. */
const BACK_MS = 15_000;
const PAUSE_MS = 250;

/** Requests while a server was out of use, or the reason why none was taken out. */
export type Outage =
  | {
      readonly tried: true;
      readonly server: string;
      readonly alias: string;
      readonly requests: readonly OutageRequest[];
      /** `undefined`: it is in use again. */
      readonly lost: Problem | undefined;
      /** The last answer of the server when it was asked by name after it; `undefined` if it was not asked. */
      readonly after: Exchange | undefined;
    }
  | { readonly tried: false; readonly why: string; readonly late?: true }
  | { readonly tried: false; readonly problem: Problem };

/** One request; `out`: from its begin to its end the server was out. */
export interface OutageRequest {
  readonly stretch: 'before' | 'out' | 'after';
  readonly server: string | undefined;
  /** The reason if it was not answered. */
  readonly error: string | undefined;
}

/** The means of taking a server out. */
export interface OutageRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  readonly memory: Memory | undefined;
  readonly progress: (text: string) => void;
  readonly isOver: () => boolean;
  readonly nowMs: () => number;
}

/** Takes one server out of use while requests go on, and puts it back in every case. */
export async function tryOutage(round: OutageRound): Promise<Outage> {
  const { client, target, progress, isOver } = round;
  if (target.takeOut === undefined)
    return { tried: false, why: 'asked with --fault only: it takes a server out of use' };
  if (isOver()) return { tried: false, why: 'a server that is taken out', late: true };
  const fleet = replyOf(await client.ask({ ...healthQuestion(), path: 'fleet' }));
  const choice = chooseServers(round, fleet?.status === 200 ? jsonOf(fleet) : undefined);
  if (typeof choice === 'string') return { tried: false, why: choice };
  const { alias } = choice;
  const load = new Load(client, target, alias);
  try {
    await load.answers(ROUNDS);
    const failing = load.requests.find(({ error }) => error !== undefined)?.error;
    if (failing !== undefined) return { tried: false, problem: alreadyFailing(alias, failing) };
    const server = load.busiest(choice.servers);
    progress(`taking ${server} out of use`);
    const taken = await target.takeOut(server);
    if (!taken.ok) return { tried: false, problem: taken.problems[0] };
    let lost: Problem | undefined;
    try {
      load.now = 'out';
      await load.answers(ROUNDS + 1);
    } finally {
      load.now = 'after';
      progress(`putting ${server} back`);
      const back = await taken.value.giveBack().catch((error: unknown) => fail(unexpected(server, error)));
      lost = back.ok ? undefined : back.problems[0];
    }
    await load.answers(ROUNDS);
    const after = lost === undefined ? await askAgain(round, server, alias) : undefined;
    return { tried: true, server, alias, requests: load.requests, lost, after };
  } finally {
    await load.end();
  }
}

/** Requests for an alias, one after the other by each of several clients. */
class Load {
  now: OutageRequest['stretch'] = 'before';
  readonly requests: OutageRequest[] = [];
  readonly #workers: readonly Promise<void>[];
  #isEnded = false;
  #wake = Promise.withResolvers<void>();
  #running = WORKERS;

  constructor(client: Client, { embeddings }: SmokeTarget, alias: string) {
    const question = embeddings.includes(alias) ? embeddingQuestion(alias) : longerChatQuestion(alias);
    this.#workers = Array.from({ length: WORKERS }, async () => {
      // A failure ends a client: it is the result, and the next one would be the same.
      for (let isWell = true; isWell && !this.#isEnded;) {
        const began = this.now;
        const exchange = await client.ask({ ...question, unrecorded: true });
        const error = errorOf(exchange);
        // A request that was still waiting when the server came back may have gone there.
        this.requests.push({ stretch: began === 'out' ? this.now : began, server: backendOf(exchange), error });
        isWell = error === undefined;
        this.#told();
      }
      this.#running -= 1;
      this.#told();
    });
  }

  /** Waits for so many answers of each client in the present stretch, or until all clients have ended. */
  async answers(rounds: number): Promise<void> {
    const { now } = this;
    while (this.#running > 0 && this.requests.filter(({ stretch }) => stretch === now).length < rounds * WORKERS)
      await this.#wake.promise;
  }

  /** The server that answered most of the requests so far; without it they go on as before, and show nothing. */
  busiest([first, ...others]: Servers): string {
    const answersOf = (url: string): number => this.requests.filter(({ server }) => server === url).length;
    return others.reduce((most, url) => (answersOf(url) > answersOf(most) ? url : most), first);
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.all(this.#workers);
  }

  #told(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

function errorOf({ outcome }: Exchange): string | undefined {
  if (!outcome.answered) return outcome.trouble.seen;
  return outcome.reply.status === 200 ? undefined : describeReply(outcome.reply);
}

/** Servers of which one is taken out. */
type Servers = readonly [string, ...(readonly string[])];

/** Servers whose aliases all have another one, and an alias for the requests: in memory on two servers, if any is. */
function chooseServers(
  { target, memory }: OutageRound,
  fleet: unknown,
): { readonly servers: Servers; readonly alias: string } | string {
  const listed = at(fleet, 'servers');
  if (!Array.isArray(listed)) return '/fleet does not show the state of the servers';
  const usable = new Set(
    listed.filter((one) => at(one, 'state') === 'up' && at(one, 'drained') !== true).map((one) => at(one, 'url')),
  );
  const aliasesOf = (url: string): readonly string[] =>
    (target.models ?? []).filter((alias) => serversOf(target, alias).includes(url));
  const spare = (target.backends ?? []).filter(
    (url) =>
      usable.has(url) &&
      aliasesOf(url).length > 0 &&
      aliasesOf(url).every((alias) => serversOf(target, alias).some((other) => other !== url && usable.has(other))),
  );
  const rank = (alias: string, url: string): number => {
    const residents = (memory?.get(alias) ?? []).map(({ server }) => server.replace(/\/+$/, ''));
    const isElsewhere = residents.some((other) => other !== url.replace(/\/+$/, ''));
    // In memory on both sides nothing has to be loaded; elsewhere alone, nothing is.
    return residents.length > 1 ? 0 : isElsewhere ? 1 : 2;
  };
  const ranked = spare
    .flatMap((server) => aliasesOf(server).map((alias) => ({ server, alias, rank: rank(alias, server) })))
    .toSorted((a, b) => a.rank - b.rank);
  const [best] = ranked;
  if (best === undefined) return 'no server can be spared: each serves an alias that no other server in use has';
  const others = ranked.filter((one) => one !== best && one.alias === best.alias && one.rank === best.rank);
  return { alias: best.alias, servers: [best.server, ...others.map(({ server }) => server)] };
}

/** Asks the server by name until it answers: it is used again as soon as a probe has found it up. */
async function askAgain(
  { client, target, nowMs, isOver }: OutageRound,
  server: string,
  alias: string,
): Promise<Exchange> {
  const endMs = nowMs() + BACK_MS;
  for (;;) {
    const exchange = await client.ask({ ...questionFor(alias, target), backend: server });
    if (backendOf(exchange) === server || nowMs() > endMs || isOver()) return exchange;
    if (!exchange.outcome.answered && exchange.outcome.trouble.kind === 'aborted') return exchange;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function alreadyFailing(alias: string, error: string): Problem {
  return {
    code: 'smoke.not-taken-out',
    summary: 'no server was taken out of use',
    detail: `Expected answers to requests for ${alias} before that, found: ${error}`,
    fix: error === ABORTED.seen ? ABORTED.fix : 'hxllm fleet',
  };
}

function unexpected(server: string, error: unknown): Problem {
  return {
    code: 'smoke.not-put-back',
    summary: `${server} may still be drained`,
    detail: `Expected the gateway to use it again, found: ${String(error)}.`,
    fix: `hxllm backend undrain ${server}`,
  };
}
