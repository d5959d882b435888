const EXTRA_SLASH = /\/(?:[/?]|$)/;
const SPECIAL = /[%?#]/;

/**
 * The target of a request without doubled slashes in its path and without one at its end, which a base URL with a slash at its end brings;
 * Ollama and LiteLLM serve such paths too. The query stays as it is, and so does the authority of a target in absolute form.
 */
export function plainTarget(target: string): string {
  if (!EXTRA_SLASH.test(target)) return target;
  const [, authority = '', path = '', query = ''] = /^(https?:\/\/[^/?]*)?([^?]*)(.*)$/is.exec(target) ?? [];
  if (!path.startsWith('/')) return target;
  const plain = path.replaceAll(/\/{2,}/g, '/');
  return authority + (plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain) + query;
}

/** The path that the router matches: without the authority of an absolute form, without a fragment, and percent-decoded where it can be. */
export function routedPath(target: string): string {
  if (target.startsWith('/') && !SPECIAL.test(target)) return target;
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
