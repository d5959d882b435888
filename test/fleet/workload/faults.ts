import type { Random } from '../../../src/simulation/random.ts';
import type { Fault, Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import { steady } from './arrivals.ts';
import { anyCaller, chat, numbered, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { CHAT, pareto, type ChatLengths } from './lengths.ts';

const SERVERS = 3;

/** The differences between these workloads: lengths, faults, and requests that are sent past the gateway. */
export interface Trouble {
  readonly load: number;
  readonly lengths?: ChatLengths;
  readonly forMs?: number;
  readonly faults?: readonly Fault[];
  /** The part of the capacity of all servers that clients ask of the first one without the gateway. */
  readonly direct?: number;
}

/** One model on three servers, with faults. */
export function troubled(random: Random, trouble: Trouble): Scenario {
  const { load, lengths = CHAT, faults = [], direct = 0, forMs: endMs = minutes(MINUTES) } = trouble;
  const servers = serversOf(SERVERS);
  const models = modelsOf(random, 1);
  const make = (sentMs: number, server?: number): Draft =>
    chat(random, {
      model: 'm0',
      sentMs,
      caller: anyCaller(random),
      ...lengths,
      ...(server === undefined ? {} : { direct: server }),
    });
  const rate = rateAt(1, servers, models, () => make(0));
  const own = steady(random, endMs, rate * load).map((sentMs) => make(sentMs));
  const past = direct === 0 ? [] : steady(random, endMs, rate * direct).map((sentMs) => make(sentMs, 0));
  return { servers, models, requests: numbered([...own, ...past]), faults };
}

/** A change of a server, and the end of it. */
export function spell(server: number, change: Fault['change'], fromMs: number, forMs: number): readonly Fault[] {
  const back = change === 'die' ? 'start' : { slow: 1 };
  return [
    { atMs: fromMs, server, change },
    { atMs: fromMs + forMs, server, change: back },
  ];
}

function workload(name: string, about: string, trouble: Trouble): Workload {
  return { name, about, class: 'long tails and faults', scenario: (random) => troubled(random, trouble) };
}

/** Long tails and faults of servers, on three servers with one model. */
export const FAULTS: readonly Workload[] = [
  workload('f_tail', 'prompts and answers with heavy tails, 70 % load', {
    load: 0.7,
    lengths: { prompt: pareto(300, 1.5, 16_000), output: pareto(50, 1.3, 8000) },
  }),
  workload('f_die', 'a server dies and is back after 5 min, 55 % load', {
    load: 0.55,
    faults: spell(1, 'die', minutes(6), minutes(5)),
  }),
  workload('f_slow', 'a server runs at a third of its speed for 6 min, 55 % load', {
    load: 0.55,
    faults: spell(1, { slow: 1 / 3 }, minutes(6), minutes(6)),
  }),
  workload('f_hang', 'three times a server stands still for 40 s, 55 % load', {
    load: 0.55,
    faults: [0, 1, 2].flatMap((server) => spell(server, { slow: 0 }, minutes(4 + 5 * server), 40_000)),
  }),
  workload('f_restart', 'each server restarts once, 55 % load', {
    load: 0.55,
    faults: [0, 1, 2].flatMap((server) => spell(server, 'die', minutes(4 + 5 * server), 5000)),
  }),
  workload('f_past', 'clients past the gateway ask the first server for a tenth of the capacity, 55 % load', {
    load: 0.55,
    direct: 0.1,
  }),
];
