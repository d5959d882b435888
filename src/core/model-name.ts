/** Names that were asked for last: names are compared in every decision of routing, and a comparison anew takes 1 µs. */
const CANONICAL = new Map<string, string>();
const MOST_KNOWN = 4096;
const LONGEST_KNOWN = 256;

/**
 * A model's name as Ollama compares it (types/model/name.go): in lower case, without Ollama's own registry and its library, and with
 * `:latest` if it has no tag.
 */
export function canonicalModelName(name: string): string {
  const known = CANONICAL.get(name);
  if (known !== undefined) return known;
  const canonical = canonicalOf(name);
  if (name.length <= LONGEST_KNOWN) {
    if (CANONICAL.size >= MOST_KNOWN) CANONICAL.clear();
    CANONICAL.set(name, canonical);
  }
  return canonical;
}

function canonicalOf(name: string): string {
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
  return a === b || canonicalModelName(a) === canonicalModelName(b);
}

/** The name without its tag, in lower case: `phi3` for `phi3:3.8b-mini-128k-instruct-q8_0`. */
export function modelFamily(name: string): string {
  return canonicalModelName(name).replace(/:[^:/]*$/, '');
}

/** The path of a model's manifest below the folder of models (server/manifest.go): host, namespace, model and tag. */
export function manifestPath(name: string): string {
  const bare = name.trim();
  const tagged = bare.lastIndexOf(':') > bare.lastIndexOf('/') ? bare : `${bare}:latest`;
  const colon = tagged.lastIndexOf(':');
  const parts = tagged.slice(0, colon).split('/');
  const left = ['registry.ollama.ai', 'library'].slice(0, Math.max(0, 3 - parts.length));
  return ['manifests', ...left, ...parts, tagged.slice(colon + 1)].join('/');
}
