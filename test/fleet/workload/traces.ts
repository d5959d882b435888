import type { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import { bursty, type Bursts } from './arrivals.ts';
import { anyCaller, chat, numbered, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { byMedian, type Lengths } from './lengths.ts';

/** Lengths and times after the published statistics of a trace; the trace itself is not here. */
interface Trace {
  readonly prompt: Lengths;
  readonly output: Lengths;
  readonly load: number;
  readonly bursts: Bursts;
}

function synthesised(random: Random, { prompt, output, load, bursts }: Trace): Scenario {
  const servers = serversOf(3);
  const models = modelsOf(random, 1);
  const make = (sentMs: number): Draft =>
    chat(random, { model: 'm0', sentMs, caller: anyCaller(random), prompt, output });
  const rate = rateAt(load, servers, models, () => make(0));
  return { servers, models, requests: numbered(bursty(random, minutes(MINUTES), rate, bursts).map(make)), faults: [] };
}

/** Synthesised after the Azure LLM inference traces of 2023. */
export const TRACES: readonly Workload[] = [
  {
    name: 'z_conv',
    about: 'after the Azure chat trace of 2023 (synthesised), 75 % load',
    class: 'real traces',
    scenario: (random) =>
      synthesised(random, {
        prompt: byMedian(1155, 1020, 14_000),
        output: byMedian(211, 129, 1000),
        load: 0.75,
        bursts: { peak: 1.7, highMs: 20_000, lowMs: 40_000 },
      }),
  },
  {
    name: 'z_code',
    about: 'after the Azure code trace of 2023 (synthesised), 75 % load in bursts',
    class: 'real traces',
    scenario: (random) =>
      synthesised(random, {
        prompt: byMedian(2048, 1500, 7500),
        output: byMedian(28, 13, 2000),
        load: 0.75,
        bursts: { peak: 3.3, highMs: 12_000, lowMs: 40_000 },
      }),
  },
];
