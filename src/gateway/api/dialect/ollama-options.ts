import { typeName, type Body } from './body.ts';
import { readStopList } from './sampling.ts';
import { readSeed } from './seed.ts';
import type { ParsedRequest } from '../../client-dialect.ts';
import type { ChatRequest } from '../../exchange.ts';

/** The Go type of an option in Ollama, and its accepted range. */
interface Range {
  readonly type: 'int' | 'float32';
  readonly min: number;
  readonly max: number;
}

// Ollama takes 64 bits and more (seen on 0.22.1); a limit beyond the safe integers is as good as none.
const INTEGER: Range = { type: 'int', min: -Number.MAX_VALUE, max: Number.MAX_VALUE };
// The sampler stores one token for each unit: billions would take a minute and all memory.
const TOKENS: Range = { type: 'int', min: -1_000_000, max: 1_000_000 };
// Far outside the useful range the sampler's numbers overflow. The runner then crashes with all its running requests (seen on
// 0.22.1).
const FACTOR: Range = { type: 'float32', min: -1000, max: 1000 };
// A divisor: 0 crashes a runner.
const DIVISOR: Range = { type: 'float32', min: 0.01, max: 1000 };

// The sampling options of 0.22.1 (api/types.go, Options). A server of another version ignores options that it does not know.
const SAMPLING: ReadonlyMap<string, Range> = new Map([
  ['repeat_penalty', DIVISOR],
  ...['num_keep', 'top_k', 'repeat_last_n'].map((name) => [name, TOKENS] as const),
  ...['top_p', 'min_p', 'typical_p', 'temperature', 'presence_penalty', 'frequency_penalty'].map(
    (name) => [name, FACTOR] as const,
  ),
]);

/** Options of the runner: a change of one reloads the model. */
const RUNNER: ReadonlyMap<string, 'number' | 'boolean'> = new Map([
  ['num_ctx', 'number'],
  ['num_batch', 'number'],
  ['num_gpu', 'number'],
  ['main_gpu', 'number'],
  ['num_thread', 'number'],
  ['use_mmap', 'boolean'],
]);

/** Options that clients of other APIs send beside their own parameters, as LiteLLM takes them; the rest have names of these APIs. */
export const OWN_OPTIONS: readonly string[] = ['num_keep', 'repeat_last_n', 'num_predict', ...RUNNER.keys()];

/** Parsed `options`; `ignoredParams` lists names that 0.22.1 does not know either. */
export interface Options extends Pick<ChatRequest, 'sampling' | 'stop' | 'maxTokens'> {
  readonly runner: NonNullable<ParsedRequest['runner']>;
  readonly ignoredParams: readonly string[];
}

const NO_OPTIONS: Options = { sampling: {}, stop: [], maxTokens: undefined, runner: {}, ignoredParams: [] };

/** Reads `options`, and those of `beside` that stand beside it. */
export function readOptions(body: Body, beside: readonly string[] = []): Options {
  const names = beside.filter((name) => name in body.json);
  const options = body.object('options');
  if (names.length === 0 && options === undefined) return NO_OPTIONS;
  const sampling: Record<string, number | bigint> = {};
  const runner: Record<string, unknown> = {};
  const ignoredParams: string[] = [];
  let stop: readonly string[] = [];
  let maxTokens: number | undefined;
  const take = (at: string, name: string, value: unknown): void => {
    if (value === null || value === undefined) return;
    const range = SAMPLING.get(name);
    const runnerType = RUNNER.get(name);
    if (range !== undefined) sampling[name] = readNumber(body, at, value, range);
    else if (name === 'seed') sampling[name] = readOptionSeed(body, at, value);
    else if (runnerType !== undefined) runner[at] = readRunner(body, at, value, runnerType);
    else if (name === 'stop') stop = readStop(body, value);
    else if (name === 'num_predict') {
      const limit = readNumber(body, at, value, INTEGER);
      // -1 means no limit, -2 until the context is full. Both exceed any limit of the alias or the model, so they are passed on.
      if (limit < 0) sampling[name] = Math.max(limit, Number.MIN_SAFE_INTEGER);
      else maxTokens = Math.min(limit, Number.MAX_SAFE_INTEGER);
    } else ignoredParams.push(at);
  };
  for (const name of names) take(name, name, body.value(name));
  // Without lists of them: 35,000 options take 5 ms instead of 12.
  if (options !== undefined) for (const name of Object.keys(options)) take(`options.${name}`, name, options[name]);
  return { sampling, stop, maxTokens, runner, ignoredParams };
}

function readNumber(body: Body, at: string, value: unknown, { type, min, max }: Range): number {
  if (typeof value !== 'number') body.refuse(at, `option "${nameOf(at)}" must be of type ${type}`);
  else if (value < min || value > max)
    body.refuse(at, `option "${nameOf(at)}" must be from ${String(min)} to ${String(max)}`);
  else return type === 'int' ? Math.trunc(value) : value;
  return 0;
}

// Ollama drops the fraction of an integer.
function readOptionSeed(body: Body, at: string, value: unknown): number | bigint {
  const whole = typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : value;
  if (typeof whole !== 'number' && typeof whole !== 'bigint')
    return body.refuse(at, 'option "seed" must be of type int');
  return readSeed(body, at, whole) ?? 0;
}

function readRunner(body: Body, at: string, value: unknown, type: 'number' | 'boolean'): unknown {
  if (typeof value !== type)
    body.refuse(at, `option "${nameOf(at)}" must be of type ${type === 'number' ? 'int' : 'bool'}`);
  return value;
}

function nameOf(at: string): string {
  return at.replace(/^options\./, '');
}

function readStop(body: Body, value: unknown): readonly string[] {
  // Ollama takes no string here, but clients that also speak other dialects send one.
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return readStopList(
    body,
    list,
    'options.stop',
    `option "stop" must be of type array of strings, not ${typeName(value)}`,
  );
}
