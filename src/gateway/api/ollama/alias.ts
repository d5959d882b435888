/** Which alias a name means, as Ollama reads names: that one, or else the only one that differs in case, `:latest` or where it came from. The name itself where it means none. */
export function aliasOf(asked: string, aliases: ReadonlyMap<string, unknown>): string {
  if (aliases.has(asked)) return asked;
  const wanted = canonical(asked);
  const [only, ...others] = [...aliases.keys()].filter((alias) => canonical(alias) === wanted);
  return only !== undefined && others.length === 0 ? only : asked;
}

/** Whether two names mean one model of a server. */
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
