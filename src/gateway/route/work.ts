/** A request's message: the hash of it and of all messages before it, and their tokens in all. Never content. */
export interface PrefixLink {
  readonly hash: number;
  readonly tokens: number;
}

/** A request's work, as far as the gateway knows before it is sent. */
export interface Work {
  /** Estimate of its tokens, without images; the alias's own factor corrects it. */
  readonly promptTokens: number;
  /** The client's limit of the response. */
  readonly maxTokens: number | undefined;
  /** Its messages, in order. */
  readonly prefix: readonly PrefixLink[];
  /** The caller: its key, and the user that it names within the key. */
  readonly key: string;
  readonly user: string | undefined;
  /** It yields to people. */
  readonly batch: boolean;
  /**
   * Its first token comes as soon as its prompt is read: it has no tools, of whose calls nothing comes before their end, no earlier calls,
   * whose length is not known, no images, and it is no embedding. Unset: nothing is known of that.
   */
  readonly startsWhenRead?: boolean;
}

/** A request's expected work on any server. */
export interface Estimate {
  readonly promptTokens: number;
  readonly outTokens: number;
  readonly prefix: readonly PrefixLink[];
}
