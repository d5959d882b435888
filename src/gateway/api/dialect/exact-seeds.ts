import { isObject, type Json } from '../../json.ts';

/** The places of a seed in a body; LiteLLM's clients send `extra_body`. */
const PLACES: readonly (readonly string[])[] = [[], ['options'], ['extra_body'], ['extra_body', 'options']];

/** The body with every digit of its seeds, of which JSON.parse rounds those beyond 2^53. */
export function withExactSeeds(json: Json, text: string): Json {
  if (!PLACES.some((place) => isRounded(valueAt(json, place)))) return json;
  const sources = new Map<unknown, string>();
  // The parameters of a reviver with the source text (ES2026, Node.js 21) are not in TypeScript's library yet.
  const reviver = function (
    this: unknown,
    key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown {
    if (key === 'seed' && context?.source !== undefined) sources.set(this, context.source);
    return value;
  };
  const exact: unknown = JSON.parse(text, reviver);
  if (!isObject(exact)) return json;
  for (const place of PLACES) {
    const holder = valueAt(exact, place);
    const seed = seedOf(holder, sources.get(holder) ?? '');
    if (seed !== undefined) Object.assign(holder, { seed });
  }
  return exact;
}

function valueAt(json: Json, place: readonly string[]): Json {
  let value = json;
  for (const name of place) {
    const inner = value[name];
    value = isObject(inner) ? inner : {};
  }
  return value;
}

function isRounded({ seed }: Json): boolean {
  return typeof seed === 'number' && Number.isInteger(seed) && !Number.isSafeInteger(seed);
}

function seedOf(json: Json, source: string): bigint | undefined {
  return isRounded(json) && /^-?\d{1,40}$/.test(source) ? BigInt(source) : undefined;
}
