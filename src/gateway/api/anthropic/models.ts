import type { Json } from '../../json.ts';

const DEFAULT_LIMIT = 20;
const MOST = 1000;

/** A model as Anthropic's API lists it; what nobody knows of an alias is null. `since`: when the gateway began to serve it, in seconds since 1970. */
export function modelInfo(id: string, since: number): Json {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: new Date(since * 1000).toISOString(),
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: null,
    max_tokens: null,
    retires_at: null,
  };
}

/** What a client asks for of the list, by the names of the query. */
export type Page = Readonly<Record<'limit' | 'after_id' | 'before_id', string | undefined>>;

/** A page of the list of models, in their order. */
export function modelPage(ids: readonly string[], page: Page, since: number): Json {
  const limit = Math.min(MOST, Math.max(1, Math.floor(Number(page.limit ?? DEFAULT_LIMIT)) || DEFAULT_LIMIT));
  const before = page.before_id === undefined ? -1 : ids.indexOf(page.before_id);
  const rest =
    before >= 0 ? ids.slice(0, before) : ids.slice(page.after_id === undefined ? 0 : ids.indexOf(page.after_id) + 1);
  const shown = before >= 0 ? rest.slice(-limit) : rest.slice(0, limit);
  return {
    data: shown.map((id) => modelInfo(id, since)),
    has_more: rest.length > shown.length,
    first_id: shown[0] ?? null,
    last_id: shown.at(-1) ?? null,
  };
}
