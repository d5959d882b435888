import { isObject, type Json } from '../../json.ts';

/** The body with every digit of its `seed` and `options.seed`, of which JSON.parse rounds those beyond 2^53. */
export function withExactSeeds(json: Json, text: string): Json {
  const { options } = json;
  if (!isRounded(json) && !(isObject(options) && isRounded(options))) return json;
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
  const inner = exact['options'];
  return {
    ...exact,
    ...seedOf(exact, sources),
    ...(isObject(inner) ? { options: { ...inner, ...seedOf(inner, sources) } } : {}),
  };
}

function isRounded({ seed }: Json): boolean {
  return typeof seed === 'number' && Number.isInteger(seed) && !Number.isSafeInteger(seed);
}

function seedOf(json: Json, sources: ReadonlyMap<unknown, string>): Json {
  const source = sources.get(json) ?? '';
  return isRounded(json) && /^-?\d{1,40}$/.test(source) ? { seed: BigInt(source) } : {};
}
