import { nearestName } from '../../core/spelling.ts';
import type { KeyLimits, Model } from '../config.ts';
import type { MapValue, Value } from '../value.ts';
import type { Reader } from './reader.ts';

const MOST = 1_000_000_000;

/** Reads the limits of an entry of `litellm_keys` or `litellm_teams`; `models` are those that it may name. */
export function readKeyLimits({ entries }: MapValue, models: readonly Model[] | undefined, reader: Reader): KeyLimits {
  const amount = (value: Value | undefined, unit: string): number | undefined => amountOf(value, unit, reader);
  const ofModels = (name: string, unit: string): Readonly<Record<string, number>> => {
    const value = entries.get(name);
    if (value === undefined) return {};
    if (value.kind !== 'map') {
      reader.wrong(value, `a mapping from names of models to ${unit}`, `write ${name}: {phi3-3.8b: 30}`);
      return {};
    }
    const read: [string, number][] = [];
    for (const [model, limit] of value.entries) {
      judgeName(model, limit);
      const most = amount(limit, unit);
      if (most !== undefined) read.push([model, most]);
    }
    return Object.fromEntries(read);
  };
  const judgeName = (model: string, limit: Value): void => {
    const known = models?.map(({ name }) => name);
    if (known === undefined || known.includes(model)) return;
    const near = nearestName(model, known);
    const fix = near === undefined ? 'hxllm inventory explain HOST litellm_models' : `write ${near}`;
    reader.findings.wrong(limit.where, `one of litellm_models (${known.join(', ')})`, JSON.stringify(model), fix);
  };
  return {
    rpm: amount(entries.get('rpm_limit'), 'requests'),
    tpm: amount(entries.get('tpm_limit'), 'tokens'),
    modelRpm: ofModels('model_rpm_limit', 'requests'),
    modelTpm: ofModels('model_tpm_limit', 'tokens'),
    parallel: amount(entries.get('max_parallel_requests'), 'requests'),
  };
}

/** Reads a limit. */
export function amountOf(value: Value | undefined, unit: string, reader: Reader): number | undefined {
  return reader.integer(value, { from: 1, to: MOST }, `a whole number of ${unit}, at least 1`);
}
