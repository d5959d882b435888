import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import type { Random } from '../../../src/simulation/random.ts';
import { modelOf, type SimModel } from '../../../src/simulation/server/model.ts';
import type { ServerSpec } from '../../../src/simulation/server/server.ts';
import { steady } from './arrivals.ts';
import { anyCaller, chat, numbered, type Draft } from './chats.ts';
import { blobOf, modelsOf, rateAt, serversOf, USUAL, type Extent } from './fleets.ts';

/** Models on servers that hold all of them; the first one gets most requests. */
export function mixed(
  random: Random,
  load: number,
  servers: readonly ServerSpec[],
  models: readonly SimModel[],
  { forMs, lengths }: Extent = USUAL,
): Scenario {
  const shares = models.map((_model, index) => (index === 0 ? 0.6 : 0.4 / (models.length - 1)));
  const make = (sentMs: number): Draft =>
    chat(random, {
      model: models[random.weighted(shares)]?.name ?? 'm0',
      sentMs,
      caller: anyCaller(random),
      ...lengths,
    });
  const rate = rateAt(load, servers, models, () => make(0));
  return { servers, models, requests: numbered(steady(random, forMs, rate).map(make)), faults: [] };
}

/** Two models of one size. */
export function twoModels(random: Random): readonly SimModel[] {
  return [modelOf('m0', 8, blobOf(random)), modelOf('m1', 8, blobOf(random))];
}

function workload(name: string, about: string, scenario: Workload['scenario']): Workload {
  return { name, about, class: 'two servers', scenario };
}

/** Two or three servers that hold every model. */
export const TWO_SERVERS: readonly Workload[] = [
  workload('a_guide70', '2 servers, 2 models that both fit, 70 % load', (random) =>
    mixed(random, 0.7, serversOf(2), twoModels(random)),
  ),
  workload('a_30', 'the same at 30 %', (random) => mixed(random, 0.3, serversOf(2), twoModels(random))),
  workload('b_hetero70', 'two equal servers and one at a third of their speed, 70 % load', (random) =>
    mixed(random, 0.7, [...serversOf(2), ...serversOf(1, { speed: 1 / 3 })], modelsOf(random, 1)),
  ),
  workload('b_hetero85', 'the same at 85 %', (random) =>
    mixed(random, 0.85, [...serversOf(2), ...serversOf(1, { speed: 1 / 3 })], modelsOf(random, 1)),
  ),
  workload('b_hetero2', 'a server and one at half its speed, 2 models that both fit, 70 % load', (random) =>
    mixed(random, 0.7, [...serversOf(1), ...serversOf(1, { speed: 0.5 })], twoModels(random)),
  ),
];
