import { decodeTogether, type SimModel } from '../../../src/simulation/server/model.ts';
import type { ServerSpec } from '../../../src/simulation/server/server.ts';
import type { SimRequest } from '../../../src/simulation/request.ts';

/** The size of a request, and its model. */
type Sample = Pick<SimRequest, 'model' | 'promptTokens' | 'outputTokens'>;

/**
 * Time that a request takes of a machine of speed 1 whose slots are all busy, s: its prompt without any cache, and its part of a batch.
 */
export function costS(model: SimModel, { promptTokens, outputTokens }: Sample, slots: number): number {
  return promptTokens / model.prefill + outputTokens / decodeTogether(model, slots);
}

/** Requests like these that the servers answer in a second, with all slots busy and no loads. */
export function capacityOf(
  servers: readonly ServerSpec[],
  models: readonly SimModel[],
  samples: readonly Sample[],
): number {
  let capacity = 0;
  for (const { slots, speed } of servers) {
    const total = samples.reduce((sum, sample) => {
      const model = models.find(({ name }) => name === sample.model);
      return model === undefined ? sum : sum + costS(model, sample, slots);
    }, 0);
    capacity += (speed * samples.length) / total;
  }
  return capacity;
}
