import type { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import { steady } from './arrivals.ts';
import { chat, numbered, type ChatParts, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { CHAT, lognormal } from './lengths.ts';

/** The part of the capacity that a group of callers asks for, and how. */
interface Group {
  readonly load: number;
  readonly keys: readonly [string, ...string[]];
  readonly parts: Pick<ChatParts, 'prompt' | 'output'> & Pick<ChatParts, 'class'>;
}

/** The keys of ten polite callers. */
export const POLITE: Group['keys'] = [
  'polite0',
  ...Array.from({ length: 9 }, (_, index) => `polite${String(index + 1)}`),
];
const TEN_POLITE: Group = { load: 0.4, keys: POLITE, parts: CHAT };

/** Groups of callers that ask three servers for one model. */
export function groups(random: Random, all: readonly Group[], endMs: number = minutes(MINUTES)): Scenario {
  const servers = serversOf(3);
  const models = modelsOf(random, 1);
  const drafts = all.flatMap(({ load, keys, parts }) => {
    const make = (sentMs: number): Draft =>
      chat(random, { ...parts, model: 'm0', sentMs, caller: { key: random.pick(keys), user: undefined } });
    const rate = rateAt(load, servers, models, () => make(0));
    return steady(random, endMs, rate).map(make);
  });
  return { servers, models, requests: numbered(drafts), faults: [] };
}

function workload(name: string, about: string, all: readonly Group[]): Workload {
  return { name, about, class: 'greedy and heavy callers', scenario: (random) => groups(random, all) };
}

/** Callers that want more than their share. */
export const CALLERS: readonly Workload[] = [
  workload('h_greedy', 'one caller at 150 % of the capacity beside ten at 40 % together', [
    TEN_POLITE,
    { load: 1.5, keys: ['greedy'], parts: CHAT },
  ]),
  workload('h_heavy', 'one caller with answers ten times as long, 90 %, beside ten at 40 % together', [
    TEN_POLITE,
    { load: 0.9, keys: ['heavy'], parts: { prompt: CHAT.prompt, output: lognormal(2000, 0.6, 8000) } },
  ]),
  workload('h_batch', 'class batch at 90 % beside ten people at 40 % together', [
    TEN_POLITE,
    { load: 0.9, keys: ['batch'], parts: { ...CHAT, class: 'batch' } },
  ]),
];
