import { typeName, type Body } from '../../dialect/body.ts';
import type { ChatRequest, Order } from '../../exchange.ts';

// As of 0.22.1 (api/types.go, Options): what steers an answer, with its type there. Any server of another version that does not know one leaves it out.
const SAMPLING: ReadonlyMap<string, 'int' | 'float32'> = new Map([
  ...['num_keep', 'seed', 'top_k', 'repeat_last_n'].map((name) => [name, 'int'] as const),
  ...['top_p', 'min_p', 'typical_p', 'temperature', 'repeat_penalty', 'presence_penalty', 'frequency_penalty'].map((name) => [name, 'float32'] as const),
]);

/** What makes a runner, so that a request with another one would load the model anew. */
const RUNNER: ReadonlyMap<string, 'number' | 'boolean'> = new Map([['num_ctx', 'number'], ['num_batch', 'number'], ['num_gpu', 'number'], ['main_gpu', 'number'], ['num_thread', 'number'], ['use_mmap', 'boolean']]);

/** `options` as read; `ignored`: names that mean nothing to 0.22.1 either. */
export interface Options extends Pick<ChatRequest, 'sampling' | 'stop' | 'maxTokens'> {
  readonly runner: NonNullable<Order['runner']>;
  readonly ignored: readonly string[];
}

/** Reads `options`. */
export function readOptions(body: Body): Options {
  const sampling: Record<string, number> = {};
  const runner: Record<string, unknown> = {};
  const ignored: string[] = [];
  let stop: readonly string[] = [];
  let maxTokens: number | undefined;
  for (const [name, value] of Object.entries(body.object('options') ?? {})) {
    const [type, made] = [SAMPLING.get(name), RUNNER.get(name)];
    if (value === null) continue;
    if (type !== undefined) sampling[name] = readNumber(body, name, value, type);
    else if (made !== undefined) runner[name] = readRunner(body, name, value, made);
    else if (name === 'stop') stop = readStop(body, value);
    else if (name === 'num_predict') {
      const most = readNumber(body, name, value, 'int');
      // -1 is without end, -2 until the context is full: both are more than the alias or the model may say.
      if (most < 0) sampling[name] = most;
      else maxTokens = most;
    } else ignored.push(`options.${name}`);
  }
  return { sampling, stop, maxTokens, runner, ignored };
}

function readNumber(body: Body, name: string, value: unknown, type: 'int' | 'float32'): number {
  if (typeof value === 'number') return type === 'int' ? Math.trunc(value) : value;
  body.refuse(`options.${name}`, `option "${name}" must be of type ${type}`);
  return 0;
}

function readRunner(body: Body, name: string, value: unknown, type: 'number' | 'boolean'): unknown {
  if (typeof value !== type) body.refuse(`options.${name}`, `option "${name}" must be of type ${type === 'number' ? 'int' : 'bool'}`);
  return value;
}

function readStop(body: Body, value: unknown): readonly string[] {
  // Ollama takes no text here, but clients that speak other dialects too send one.
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  // An empty one would end the answer at its first token.
  if (list.every((item) => typeof item === 'string')) return list.filter((item) => item !== '');
  body.refuse('options.stop', `option "stop" must be of type array of strings, not ${typeName(value)}`);
  return [];
}
