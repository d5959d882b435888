/**
 * The most repetitions in a grammar of llama.cpp. A schema that it cannot turn into a grammar kills Ollama's runner, or the whole
 * server, with all its responses (seen on 0.22.1).
 */
export const MOST_REPETITIONS = 2000;

// Characters and character classes, each with a repetition: groups, classes such as \d and a repetition of zero kill it. No two
// alternatives begin alike.
const PLAIN_PATTERN =
  /^\^(?:(?:[\w @:,-]|\\\.|\[\^?(?:\w-\w|[\w.%+ @:,])+-?\])(?:[*+?]|\{[1-9]\d{0,3}(?:,(?:[1-9]\d{0,3})?)?\})?)+\$$/;

/** A longer pattern takes long to judge, and its grammar is too long. */
const MOST_PATTERN_LENGTH = 10_000;

/** Whether a pattern can be turned into a grammar without harm to the server. */
export function isPlainPattern(pattern: string): boolean {
  if (pattern.length > MOST_PATTERN_LENGTH) return false;
  const ranges = [...pattern.matchAll(/(\w)-(\w)/g)].every(([, first = '', last = '']) => first <= last);
  const often = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].every(
    ([, least = '', most]) => Number(most || least) <= MOST_REPETITIONS && Number(least) <= Number(most || least),
  );
  return ranges && often && PLAIN_PATTERN.test(pattern);
}

/** A pair of limits that a grammar can hold to, with the names of those that it cannot. */
export interface Limits {
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly unheld: readonly ('least' | 'most')[];
}

/** Limits of a length: too many repetitions are left out, and the lower one of two that contradict each other. */
export function lengthLimits(least: unknown, most: unknown): Limits {
  const [low, high] = [repetitions(least), repetitions(most)];
  const contradicts = low !== undefined && high !== undefined && low > high;
  return {
    least: contradicts ? undefined : low,
    most: high,
    unheld: [
      ...(contradicts || (low === undefined && least !== undefined) ? (['least'] as const) : []),
      ...(high === undefined && most !== undefined ? (['most'] as const) : []),
    ],
  };
}

function repetitions(limit: unknown): number | undefined {
  return typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= MOST_REPETITIONS
    ? limit
    : undefined;
}

/** llama.cpp's integers have at most 16 digits: a limit beyond them limits nothing. */
const BEYOND = 1e16;

/** The smallest and the largest integer that a schema allows; draft 4 has booleans for exclusive limits. */
export function integerLimits(schema: Readonly<Record<string, unknown>>): Limits {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  const lows = [
    typeof minimum === 'number' ? (above === true ? Math.floor(minimum) + 1 : Math.ceil(minimum)) : -Infinity,
    typeof above === 'number' ? Math.floor(above) + 1 : -Infinity,
  ];
  const highs = [
    typeof maximum === 'number' ? (below === true ? Math.ceil(maximum) - 1 : Math.floor(maximum)) : Infinity,
    typeof below === 'number' ? Math.ceil(below) - 1 : Infinity,
  ];
  const [low, high] = [Math.max(...lows), Math.min(...highs)];
  const contradicts = low > high;
  // No integer of a grammar is that large, or that small: Ollama 0.22.1 never answers with such a limit.
  const [isTooHigh, isTooLow] = [low >= BEYOND, high <= -BEYOND];
  return {
    least: contradicts || isTooHigh || low <= -BEYOND ? undefined : low,
    most: isTooLow || high >= BEYOND ? undefined : high,
    unheld: [
      ...(contradicts || isTooHigh || isRounded(low) ? (['least'] as const) : []),
      ...(isTooLow || isRounded(high) ? (['most'] as const) : []),
    ],
  };
}

/** Whether a limit within the integers of a grammar is beyond 2^53, where JSON.parse may have taken the next number for it. */
function isRounded(limit: number): boolean {
  return Math.abs(limit) < BEYOND && !Number.isSafeInteger(limit);
}
