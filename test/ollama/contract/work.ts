/** A conversation with a response of a fixed number of tokens on any machine: a grammar keeps the model from ending early. */
export function longWork(tokens: number): object {
  // More items, or an upper limit, kill the real runner.
  return {
    messages: [{ role: 'user', content: 'List many truths.' }],
    format: { type: 'array', items: { type: 'boolean' }, minItems: 1500 },
    options: { num_predict: tokens, seed: 1 },
  };
}

/** Longer than any test waits: seconds, even for a tiny model. */
export const ENDLESS = longWork(10_000);
