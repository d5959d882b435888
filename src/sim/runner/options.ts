import type { Model } from '../models/model.ts';
import type { Json } from '../../core/json.ts';
import { Refusal } from '../wire/refusal.ts';

/** The options of a request, completed from the Modelfile. */
export interface Options {
  readonly numCtx: number;
  /** 0 or less: no limit (server/routes.go treats 0 as unlimited too). */
  readonly numPredict: number;
  readonly seed: number;
  readonly stop: readonly string[];
  /** The options that a runner is started with, as one string. Another value needs another runner. */
  readonly runner: string;
}

const INTEGERS = new Set([
  'num_keep',
  'seed',
  'num_predict',
  'top_k',
  'repeat_last_n',
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
]);
const FLOATS = new Set([
  'top_p',
  'min_p',
  'typical_p',
  'temperature',
  'repeat_penalty',
  'presence_penalty',
  'frequency_penalty',
]);
const OF_THE_RUNNER = ['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread'];

/**
 * Reads `options`. A wrong type is a 500, as in Ollama; unknown options are ignored. `defaultCtx` is the server's
 * default context length.
 */
export function readOptions(asked: Json, model: Model, defaultCtx: number): Options {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
  for (const [name, value] of Object.entries(given)) check(name, value);
  const number = (name: string, other: number): number =>
    Math.trunc(numberOf(given[name]) ?? model.parameters[name] ?? other);
  const numCtx = Math.max(4, number('num_ctx', defaultCtx));
  const stop = Array.isArray(given['stop']) ? given['stop'].filter((one) => typeof one === 'string') : [];
  const runner = JSON.stringify(
    OF_THE_RUNNER.map((name) => (name === 'num_ctx' ? numCtx : (given[name] ?? model.parameters[name] ?? null))),
  );
  return { numCtx, numPredict: number('num_predict', -1), seed: number('seed', 0), stop, runner };
}

function check(name: string, value: unknown): void {
  if (INTEGERS.has(name) && typeof value !== 'number') throw wrong(name, 'type integer');
  if (FLOATS.has(name) && typeof value !== 'number') throw wrong(name, 'type float32');
  if (name === 'use_mmap' && typeof value !== 'boolean') throw wrong(name, 'type boolean');
  if (name !== 'stop') return;
  if (!Array.isArray(value)) throw wrong(name, 'type array');
  if (!value.every((one) => typeof one === 'string')) throw wrong(name, 'an array of strings');
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function wrong(name: string, wanted: string): Refusal {
  return new Refusal(500, `option "${name}" must be of ${wanted}`);
}
