const MOST_NAMES = 20;

/** Names that a client made up, as one header value: only signs that may stand there, and not without end. */
export function headerValue(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => name.slice(0, 64).replaceAll(/[^\w.-]/g, '?'));
  return [...shown, ...(names.length > MOST_NAMES ? ['...'] : [])].join(', ');
}
