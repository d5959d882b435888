import type { Json } from '../../json.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/**
 * An entry of Anthropic's model list; fields that are not known of an alias are null. `since` is the time when the gateway began to
 * serve it, in seconds since 1970.
 */
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

/** The query parameters of the model list. */
export type Page = Readonly<Record<'limit' | 'after_id' | 'before_id', string | undefined>>;

/** One page of the model list; `ids` is in the order of the list. */
export function modelPage(ids: readonly string[], page: Page, since: number): Json {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.floor(Number(page.limit ?? DEFAULT_LIMIT)) || DEFAULT_LIMIT));
  const before = page.before_id === undefined ? -1 : ids.indexOf(page.before_id);
  const rest =
    before >= 0 ? ids.slice(0, before) : ids.slice(page.after_id === undefined ? 0 : ids.indexOf(page.after_id) + 1);
  const entries = before >= 0 ? rest.slice(-limit) : rest.slice(0, limit);
  return {
    data: entries.map((id) => modelInfo(id, since)),
    has_more: rest.length > entries.length,
    first_id: entries[0] ?? null,
    last_id: entries.at(-1) ?? null,
  };
}
