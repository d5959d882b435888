/**
 * The target of a request without doubled slashes in its path and without one at its end, which a base URL with a slash at its end brings;
 * Ollama and LiteLLM serve such paths too. The query stays as it is, and so does the authority of a target in absolute form.
 */
export function plainTarget(target: string): string {
  if (!target.startsWith('/')) {
    // Schemes are equal in any case (RFC 3986, 3.1); the router knows small letters alone.
    const lower = target.replace(/^https?:/i, (scheme) => scheme.toLowerCase());
    if (lower !== target) return plainTarget(lower);
  }
  if (!target.includes('//') && !/.\/(?:\?|$)/.test(target)) return target;
  const [, authority = '', path = '', query = ''] = /^(https?:\/\/[^/?]*)?([^?]*)(.*)$/s.exec(target) ?? [];
  if (!path.startsWith('/')) return target;
  const plain = path.replaceAll(/\/{2,}/g, '/');
  return authority + (plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain) + query;
}
