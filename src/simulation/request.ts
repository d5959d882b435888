/** The beginning of a prompt up to the end of one message, or of an answer: a hash of all of it, and its length. */
export interface PrefixPart {
  readonly hash: number;
  /** From the start of the prompt to the end of this message. */
  readonly tokens: number;
}

/** A simulated request: all that the gateway will know of it, and the length of its answer, which the policy never sees. */
export interface SimRequest {
  /** Its index in the requests of its scenario. */
  readonly id: number;
  /** The alias, which is also the name of the model. */
  readonly model: string;
  /** When its client sends it, ms. */
  readonly sentMs: number;
  /** The request of the same conversation before it: it is sent after the end of that one, at the earliest. */
  readonly follows: number | undefined;
  readonly promptTokens: number;
  /** Tokens of the answer, at least 1. */
  readonly outputTokens: number;
  readonly maxTokens: number | undefined;
  /** The caller's key. */
  readonly key: string;
  /** The person behind the key, where the client names one. */
  readonly user: string | undefined;
  readonly class: 'people' | 'batch';
  /** The prompt, message by message; the last part is the whole prompt. */
  readonly prefix: readonly PrefixPart[];
  /** The prompt with its answer, as the next turn of the conversation repeats it. */
  readonly answer: PrefixPart;
  /** Tokens at the start of the prompt that the last prompt of the same conversation had. */
  readonly repeatedTokens: number;
  /** The server that its client asks without the gateway, by index. */
  readonly direct: number | undefined;
  /** Time after which its client leaves without a token, where it is known, ms. */
  readonly patienceMs?: number;
}

/** Time after which a client that has got no token leaves, ms. */
export function patienceMs({ class: kind, patienceMs: known }: Pick<SimRequest, 'class' | 'patienceMs'>): number {
  return known ?? (kind === 'batch' ? 240_000 : 60_000);
}
