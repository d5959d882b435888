/** Room for an answer whose length nobody limits, in tokens: Ollama's own context on a server with less than 23 GiB of VRAM. */
const ANSWER_TOKENS = 4096;
/** An estimate of a prompt may be wrong by this factor, in either direction. */
const MARGIN = 1.1;
const MOST_WRONG = 1.5;

/** A request that needs a longer context, in tokens. */
export interface NeededContext {
  /** Its prompt, estimated. */
  readonly prompt: number;
  /** The same if each of its letters is a token, as for a model without a vocabulary for the language. */
  readonly mostPrompt: number;
  /** The longest answer that it asks for; `undefined`: it does not say. */
  readonly answer: number | undefined;
}

/** The contexts of a model on its server, in tokens. */
export interface ContextLimits {
  /** The context that the prompt does not fit in; `undefined` if the server does not say. */
  readonly current: number | undefined;
  /** The longest context to grow to. */
  readonly most: number;
}

/**
 * The context to grow to: a power of two with room for the prompt and the answer, or `most` where that is shorter. `undefined` if it
 * would not be longer, or if the prompt would not fit in it either.
 */
export function nextContext(
  { prompt, mostPrompt, answer }: NeededContext,
  { current = 0, most }: ContextLimits,
): number | undefined {
  if (most <= current || prompt > most * MOST_WRONG) return undefined;
  // The server has counted: the prompt is longer than the context, and an estimate that is far below says nothing.
  const likely = prompt * MOST_WRONG < current ? mostPrompt : prompt;
  const needed = Math.max(likely, current + 1) * MARGIN + (answer ?? ANSWER_TOKENS);
  return Math.min(2 ** Math.ceil(Math.log2(Math.max(needed, current + 1))), most);
}

/** Whether a prompt probably fits in a context. */
export function mayHold(tokens: number, { prompt }: Pick<NeededContext, 'prompt'>): boolean {
  return prompt <= tokens * MOST_WRONG;
}
