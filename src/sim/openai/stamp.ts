/** Creates an id as Ollama does, from 999 numbers: ids collide. */
export function pickId(prefix: 'chatcmpl' | 'cmpl'): string {
  return `${prefix}-${String(Math.floor(Math.random() * 999))}`;
}

/** The current time in whole seconds. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
