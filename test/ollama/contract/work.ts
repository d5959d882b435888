/** A conversation whose answer takes a good while on any machine: a grammar keeps the model from ending it early. */
export const LONG_WORK = {
  messages: [{ role: 'user', content: 'List many truths.' }],
  format: { type: 'array', items: { type: 'boolean' }, minItems: 300, maxItems: 400 },
  options: { num_predict: 6000, seed: 1 },
} as const;
