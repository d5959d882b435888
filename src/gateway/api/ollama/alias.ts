/**
 * The alias that a name means, by Ollama's rules for names. An exact match wins; else the only alias that differs just in case,
 * `:latest` or the registry prefix. Returns the name itself if no alias matches.
 */
export function aliasOf(name: string, aliases: ReadonlyMap<string, unknown>): string {
  if (aliases.has(name)) return name;
  const canonicalName = canonical(name);
  const [only, ...others] = [...aliases.keys()].filter((alias) => canonical(alias) === canonicalName);
  return only !== undefined && others.length === 0 ? only : name;
}

/** Whether two names mean the same model of a server. */
export function isSameModel(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^registry\.ollama\.ai\//, '')
    .replace(/^library\//, '');
  return bare.lastIndexOf(':') > bare.lastIndexOf('/') ? bare : `${bare}:latest`;
}
