import { budgetDurationOf } from '../../core/budget-duration.ts';
import { nearestName } from '../../core/spelling.ts';
import type { KeyLimits, Model } from '../config.ts';
import type { MapValue, Value } from '../value.ts';
import type { Reader } from './reader.ts';

const MOST = 1_000_000_000;
const DURATION = 'a duration such as 1h, 1d, 7d or 30d';

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
    ...readBudget(entries, reader),
  };
}

function readBudget(entries: MapValue['entries'], reader: Reader): Pick<KeyLimits, 'budget'> {
  const value = entries.get('budget_duration');
  const written = reader.text(value, DURATION);
  const duration =
    value === undefined || written === undefined || budgetDurationOf(written) !== undefined
      ? written
      : reader.wrong(value, DURATION, 'write budget_duration: 30d');
  const most = { from: 1, to: 1_000_000_000_000_000 };
  const tokens = reader.integer(entries.get('token_budget'), most, 'a whole number of tokens, at least 1');
  const money = readMoney(entries.get('max_budget'), reader);
  return tokens === undefined && money === undefined ? {} : { budget: { tokens, money, duration } };
}

function readMoney(value: Value | undefined, reader: Reader): number | undefined {
  if (value === undefined) return undefined;
  const money = value.kind === 'scalar' && value.value !== '' ? Number(value.value) : Number.NaN;
  if (Number.isFinite(money) && money >= 0 && typeof (value.kind === 'scalar' ? value.value : undefined) !== 'boolean')
    return money;
  return reader.wrong(value, 'an amount of money, such as 25 or 0.5');
}

/** Reads a limit. */
export function amountOf(value: Value | undefined, unit: string, reader: Reader): number | undefined {
  return reader.integer(value, { from: 1, to: MOST }, `a whole number of ${unit}, at least 1`);
}
