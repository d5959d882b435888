/** An id as Ollama makes them: so few that they collide. */
export function pickId(prefix: 'chatcmpl' | 'cmpl'): string {
  return `${prefix}-${String(Math.floor(Math.random() * 999))}`;
}

/** The present time in whole seconds. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
