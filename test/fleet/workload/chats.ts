import type { Random } from '../../../src/simulation/random.ts';
import type { PrefixPart, SimRequest } from '../../../src/simulation/request.ts';
import type { Lengths } from './lengths.ts';

/** A request before it is numbered. */
export type Draft = Omit<SimRequest, 'id' | 'follows'> & { readonly follows: Draft | undefined };

/** A caller: a key, and a person behind it. */
export type Caller = Pick<SimRequest, 'key' | 'user'>;

/** The parts of a request that makers choose. */
export interface ChatParts {
  readonly model: string;
  readonly sentMs: number;
  readonly caller: Caller;
  readonly prompt: Lengths;
  readonly output: Lengths;
  /** The messages before the last one: a system prompt, shared by several requests. */
  readonly before?: readonly PrefixPart[];
  readonly follows?: Draft | undefined;
  readonly class?: SimRequest['class'];
  readonly direct?: number;
}

/** Values of `max_tokens` that clients send. */
const MAX_TOKENS: readonly [number, ...number[]] = [256, 512, 1024, 2048, 4096];
const MAX_TOKENS_SHARE = 0.3;

/** Eight keys with five people each. */
export function anyCaller(random: Random): Caller {
  return { key: `key${String(random.below(8))}`, user: `user${String(random.below(5))}` };
}

/** A request of which the last message is new. */
export function chat(random: Random, { before = [], ...parts }: ChatParts): Draft {
  const asked = parts.prompt(random);
  const wanted = parts.output(random);
  const maxTokens = random.next() < MAX_TOKENS_SHARE ? random.pick(MAX_TOKENS) : undefined;
  const outputTokens = Math.min(wanted, maxTokens ?? Infinity);
  const start = before.at(-1)?.tokens ?? 0;
  const promptTokens = start + asked;
  const hash = random.below(2 ** 32) * 2 ** 20 + random.below(2 ** 20) + 1;
  return {
    model: parts.model,
    sentMs: parts.sentMs,
    follows: parts.follows,
    promptTokens,
    outputTokens,
    maxTokens,
    ...parts.caller,
    class: parts.class ?? 'people',
    prefix: [...before, { hash, tokens: promptTokens }],
    answer: { hash: hash + 2 ** 52, tokens: promptTokens + outputTokens },
    repeatedTokens: parts.follows?.answer.tokens ?? 0,
    direct: parts.direct,
  };
}

/** The messages that the next turn of a conversation begins with. */
export function historyOf({ prefix, answer }: Draft): readonly PrefixPart[] {
  return [...prefix, answer];
}

/** Numbers requests in the order of their times. */
export function numbered(drafts: readonly Draft[]): readonly SimRequest[] {
  const sorted = drafts.toSorted((a, b) => a.sentMs - b.sentMs);
  const ids = new Map(sorted.map((draft, id) => [draft, id]));
  return sorted.map(({ follows, ...rest }, id) => ({
    ...rest,
    id,
    follows: follows === undefined ? undefined : ids.get(follows),
  }));
}
