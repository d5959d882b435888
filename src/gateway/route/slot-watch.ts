/** The watch for lost slots of a replica: a server may list its model, and answer none of its requests. */
export interface SlotWatch {
  /** When a request of it last began to be answered, or was ended by the server. */
  movedMs: number;
  /** Tokens of the prompts of requests that have not begun; cached ones count, since the server may have dropped them. */
  promptTokens: number;
  /** Tokens of prompts that were cancelled since then: the server may still read them. */
  abandonedTokens: number;
  /** Expected tokens of the responses of requests that have not begun: a call comes as a whole. */
  outTokens: number;
  /** Doubles with each test, until a request begins. */
  patience: number;
  /** When the test of the model was sent. */
  testedMs: number | undefined;
  /** The unload that is under way: when it was decided, and sent last. */
  unloading: { readonly sinceMs: number; sentMs: number } | undefined;
  /** Unloads since the start, and the time of the last one. */
  unloads: number;
  unloadedMs: number;
}

/** Nothing has happened. */
export function createSlotWatch(): SlotWatch {
  return {
    movedMs: Number.NEGATIVE_INFINITY,
    promptTokens: 0,
    abandonedTokens: 0,
    outTokens: 0,
    patience: 1,
    testedMs: undefined,
    unloading: undefined,
    unloads: 0,
    unloadedMs: Number.NEGATIVE_INFINITY,
  };
}

/** A backend is gone, or its model: nothing is owed any more. */
export function clearSlotWatch(watch: SlotWatch): void {
  watch.abandonedTokens = 0;
  watch.testedMs = undefined;
  watch.unloading = undefined;
}
