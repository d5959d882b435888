const MOST_NAMES = 20;

/** Names that a client chose, as one header value: only characters that are valid there, and at most a fixed number of them. */
export function headerValue(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => name.slice(0, 64).replaceAll(/[^\w.$-]/g, '?'));
  return [...shown, ...(names.length > MOST_NAMES ? ['...'] : [])].join(', ');
}
