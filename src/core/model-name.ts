/**
 * A model's name as Ollama compares it (types/model/name.go): in lower case, without Ollama's own registry and its library, and with
 * `:latest` if it has no tag.
 */
export function canonicalModelName(name: string): string {
  const bare = name
    .trim()
    .toLowerCase()
    .replace(/^registry\.ollama\.ai\//, '')
    .replace(/^library\//, '');
  // A colon before a slash belongs to a registry's port.
  return bare.lastIndexOf(':') > bare.lastIndexOf('/') ? bare : `${bare}:latest`;
}

/** Whether two names mean the same model of a server. */
export function isSameModel(a: string, b: string): boolean {
  return canonicalModelName(a) === canonicalModelName(b);
}
