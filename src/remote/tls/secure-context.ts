import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

const CONTEXTS = new WeakMap<readonly string[], Map<boolean, SecureContext>>();

/** The authorities for conversations; a list is read once for all of them, since it may hold 150 certificates. */
export function secureContextFor(trusted: readonly string[], withOwn: boolean): SecureContext {
  const known = CONTEXTS.get(trusted) ?? new Map<boolean, SecureContext>();
  CONTEXTS.set(trusted, known);
  const made = known.get(withOwn) ?? createSecureContext({ ca: [...trusted, ...(withOwn ? rootCertificates : [])] });
  known.set(withOwn, made);
  return made;
}
