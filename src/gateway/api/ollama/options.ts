import { typeName, type Body } from '../dialect/body.ts';
import { readStopList } from '../dialect/sampling.ts';
import type { ParsedRequest } from '../../client-dialect.ts';
import type { ChatRequest } from '../../exchange.ts';

/** The type of an option in Ollama, and what it may be. */
interface Range {
  readonly type: 'int' | 'float32';
  readonly min: number;
  readonly max: number;
}

const WHOLE: Range = { type: 'int', min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
// A token is remembered for each, so that billions take a minute and all memory there is.
const TOKENS: Range = { type: 'int', min: -1_000_000, max: 1_000_000 };
// Far outside of what means anything numbers overflow in the sampler, of which a runner dies with all that it answers (seen on 0.22.1).
const FACTOR: Range = { type: 'float32', min: -1000, max: 1000 };
// It divides.
const DIVISOR: Range = { type: 'float32', min: 0.01, max: 1000 };

// As of 0.22.1 (api/types.go, Options): what steers an answer. Any server of another version that does not know one leaves it out.
const SAMPLING: ReadonlyMap<string, Range> = new Map([
  ['seed', WHOLE],
  ['repeat_penalty', DIVISOR],
  ...['num_keep', 'top_k', 'repeat_last_n'].map((name) => [name, TOKENS] as const),
  ...['top_p', 'min_p', 'typical_p', 'temperature', 'presence_penalty', 'frequency_penalty'].map(
    (name) => [name, FACTOR] as const,
  ),
]);

/** What makes a runner, so that a request with another one would load the model anew. */
const RUNNER: ReadonlyMap<string, 'number' | 'boolean'> = new Map([
  ['num_ctx', 'number'],
  ['num_batch', 'number'],
  ['num_gpu', 'number'],
  ['main_gpu', 'number'],
  ['num_thread', 'number'],
  ['use_mmap', 'boolean'],
]);

/** `options` as read; `ignored`: names that mean nothing to 0.22.1 either. */
export interface Options extends Pick<ChatRequest, 'sampling' | 'stop' | 'maxTokens'> {
  readonly runner: NonNullable<ParsedRequest['runner']>;
  readonly ignoredParams: readonly string[];
}

/** Reads `options`. */
export function readOptions(body: Body): Options {
  const sampling: Record<string, number> = {};
  const runner: Record<string, unknown> = {};
  const ignoredParams: string[] = [];
  let stop: readonly string[] = [];
  let maxTokens: number | undefined;
  for (const [name, value] of Object.entries(body.object('options') ?? {})) {
    const [range, made] = [SAMPLING.get(name), RUNNER.get(name)];
    if (value === null) continue;
    if (range !== undefined) sampling[name] = readNumber(body, name, value, range);
    else if (made !== undefined) runner[name] = readRunner(body, name, value, made);
    else if (name === 'stop') stop = readStop(body, value);
    else if (name === 'num_predict') {
      const most = readNumber(body, name, value, WHOLE);
      // -1 is without end, -2 until the context is full: both are more than the alias or the model may say.
      if (most < 0) sampling[name] = most;
      else maxTokens = most;
    } else ignoredParams.push(`options.${name}`);
  }
  return { sampling, stop, maxTokens, runner, ignoredParams };
}

function readNumber(body: Body, name: string, value: unknown, { type, min, max }: Range): number {
  if (typeof value !== 'number') body.refuse(`options.${name}`, `option "${name}" must be of type ${type}`);
  else if (value < min || value > max)
    body.refuse(`options.${name}`, `option "${name}" must be from ${String(min)} to ${String(max)}`);
  else return type === 'int' ? Math.trunc(value) : value;
  return 0;
}

function readRunner(body: Body, name: string, value: unknown, type: 'number' | 'boolean'): unknown {
  if (typeof value !== type)
    body.refuse(`options.${name}`, `option "${name}" must be of type ${type === 'number' ? 'int' : 'bool'}`);
  return value;
}

function readStop(body: Body, value: unknown): readonly string[] {
  // Ollama takes no text here, but clients that speak other dialects too send one.
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return readStopList(
    body,
    list,
    'options.stop',
    `option "stop" must be of type array of strings, not ${typeName(value)}`,
  );
}
