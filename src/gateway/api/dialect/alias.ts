import { canonicalModelName } from '../../../core/model-name.ts';

/**
 * The alias that a name means, by Ollama's rules for names. An exact match wins; else the only model with an alias that differs just in
 * case, `:latest` or the registry prefix. Returns the name itself if no alias matches.
 */
export function aliasOf(name: string, aliases: ReadonlyMap<string, unknown>): string {
  if (aliases.has(name)) return name;
  const canonicalName = canonicalModelName(name);
  const [only, ...others] = [...aliases.keys()].filter((alias) => canonicalModelName(alias) === canonicalName);
  const isOne = only !== undefined && others.every((other) => aliases.get(other) === aliases.get(only));
  return isOne ? only : name;
}
