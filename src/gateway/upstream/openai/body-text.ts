import { exactNumber } from '../../../core/exact-number.ts';
import { isObject, type Json } from '../../json.ts';

/** The names of one limit: a request that has either of them gets neither from the entry. */
const LIMITS = ['max_tokens', 'max_completion_tokens'];

/** The text of a body: `own`, and of the entry's `fields` those that it does not have. */
export function bodyText(own: Json, fields: Json | undefined): string {
  if (fields === undefined) return JSON.stringify(withExactSeeds(own));
  const has = (name: string): boolean => own[name] !== undefined;
  const isLimited = LIMITS.some(has);
  const added = Object.entries(fields).filter(([name]) => !has(name) && !(isLimited && LIMITS.includes(name)));
  return JSON.stringify(withExactSeeds({ ...own, ...Object.fromEntries(added) }));
}

// `exact-seeds.ts` of the dialects makes a bigint of a seed beyond 2^53, also of one that the API of this server does not have.
function withExactSeeds(body: Json): Json {
  const { options } = body;
  return {
    ...body,
    ...('seed' in body ? { seed: exactNumber(body['seed']) } : {}),
    ...(isObject(options) && typeof options['seed'] === 'bigint'
      ? { options: { ...options, seed: exactNumber(options['seed']) } }
      : {}),
  };
}
