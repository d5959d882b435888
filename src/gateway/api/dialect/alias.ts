import { canonicalModelName } from '../../../core/model-name.ts';

/** The aliases of a configuration by their canonical name; `undefined` where they mean several models. */
const INDEXES = new WeakMap<ReadonlyMap<string, unknown>, ReadonlyMap<string, string | undefined>>();

/**
 * The alias that a name means, by Ollama's rules for names. An exact match wins; else the only model with an alias that differs just in
 * case, `:latest` or the registry prefix. Returns the name itself if no alias matches. `aliases` does not change: it is indexed once,
 * since a look at each of 5,000 aliases takes 0.8 ms for every name that a client invents.
 */
export function aliasOf(name: string, aliases: ReadonlyMap<string, unknown>): string {
  if (aliases.has(name)) return name;
  let index = INDEXES.get(aliases);
  if (index === undefined) {
    index = indexOf(aliases);
    INDEXES.set(aliases, index);
  }
  return index.get(canonicalModelName(name)) ?? name;
}

function indexOf(aliases: ReadonlyMap<string, unknown>): ReadonlyMap<string, string | undefined> {
  const index = new Map<string, string | undefined>();
  for (const [alias, model] of aliases) {
    const canonical = canonicalModelName(alias);
    if (!index.has(canonical)) index.set(canonical, alias);
    else if (aliases.get(index.get(canonical) ?? '') !== model) index.set(canonical, undefined);
  }
  return index;
}
