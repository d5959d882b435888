import type { Observation } from '../../gateway/route/event.ts';
import type { Policy } from '../../gateway/route/policy.ts';
import type { Scenario } from '../scenario.ts';
import { simulate } from '../simulation.ts';

const ROUNDS = 3;
/** A factor of one round. */
const [LEAST, MOST] = [0.5, 2];

/** Times of the requests of a model, ms: for prompts and for responses. */
interface Times {
  prefillMs: number;
  decodeMs: number;
  count: number;
}

/** An answered request: its model, and its measurements. */
export interface Measurement {
  readonly model: string;
  readonly observation: Observation;
}

/**
 * The scenario with the speeds at which its requests take the times that were measured. Learned rates are means over whatever ran beside
 * a request, and a simulation with them would slow it down twice.
 */
export function calibrated(scenario: Scenario, measured: readonly Measurement[], policyOf: () => Policy): Scenario {
  const wanted = timesOf(measured);
  let { models } = scenario;
  for (let round = 0; round < ROUNDS; round += 1) {
    const seen: Measurement[] = [];
    simulate({ ...scenario, models }, policyOf(), 'true', undefined, (event) => {
      if (event.kind === 'released' && event.result === 'answered' && event.observation !== undefined)
        seen.push({ model: event.lease.replica.model, observation: event.observation });
    });
    const found = timesOf(seen);
    models = models.map((model) => {
      const [want, have] = [wanted.get(model.name), found.get(model.name)];
      if (want === undefined || have === undefined) return model;
      return {
        ...model,
        prefill: model.prefill * factor(have.prefillMs / have.count, want.prefillMs / want.count),
        decode: model.decode * factor(have.decodeMs / have.count, want.decodeMs / want.count),
      };
    });
  }
  return { ...scenario, models };
}

function timesOf(measurements: readonly Measurement[]): ReadonlyMap<string, Times> {
  const times = new Map<string, Times>();
  for (const { model, observation } of measurements) {
    const { prefillMs, decodeMs } = observation;
    if (prefillMs === undefined || decodeMs === undefined) continue;
    const sum = times.get(model) ?? { prefillMs: 0, decodeMs: 0, count: 0 };
    sum.prefillMs += prefillMs;
    sum.decodeMs += decodeMs;
    sum.count += 1;
    times.set(model, sum);
  }
  return times;
}

function factor(have: number, want: number): number {
  return have > 0 && want > 0 ? Math.min(MOST, Math.max(LEAST, have / want)) : 1;
}
