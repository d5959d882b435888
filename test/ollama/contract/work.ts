/** A conversation whose answer takes so many tokens on any machine: a grammar keeps the model from ending it early. */
export function longWork(tokens: number): object {
  // More items than this, or an upper limit of them, and the real runner dies of its grammar.
  return {
    messages: [{ role: 'user', content: 'List many truths.' }],
    format: { type: 'array', items: { type: 'boolean' }, minItems: 1500 },
    options: { num_predict: tokens, seed: 1 },
  };
}

/** Longer than any test wants to wait: seconds, even for a tiny model. */
export const ENDLESS = longWork(10_000);
