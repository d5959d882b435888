import { isObject, type Json } from '../../json.ts';

/** Corrects known mistakes of servers of OpenAI's dialect in one choice, streamed or not. */
export class ForeignChoice {
  readonly #index: number;
  /** Ids of the calls so far; a call's position is its index. */
  readonly #callIds: string[] = [];
  /** The last call that came under each index of the server's own. */
  readonly #latestIndex = new Map<unknown, number>();
  #hasCalls = false;

  constructor(index: number) {
    this.#index = index;
  }

  /** Rewrites a choice for the client. */
  rewrite(choice: Json): Json {
    const { delta, message, finish_reason: reason } = choice;
    const content = isObject(delta)
      ? { delta: this.#rewriteDelta(delta) }
      : isObject(message)
        ? { message: this.#rewriteMessage(message) }
        : {};
    return { ...choice, index: this.#index, ...content, ...this.#finishReason(reason, isObject(message)) };
  }

  #finishReason(reason: unknown, whole: boolean): Json {
    // Older Ollama versions send `stop` although the model called tools.
    if (reason === 'stop' && this.#hasCalls) return { finish_reason: 'tool_calls' };
    // They send no finish reason if they cut off a model that repeats itself.
    return whole && typeof reason !== 'string' ? { finish_reason: 'length' } : {};
  }

  #rewriteDelta(delta: Json): Json {
    const rewritten = this.#rewriteMessage(delta);
    const calls = delta['tool_calls'];
    return Array.isArray(calls) && calls.length > 0
      ? { ...rewritten, tool_calls: calls.map((call: unknown) => this.#rewriteCall(call)) }
      : rewritten;
  }

  #rewriteMessage(message: Json): Json {
    const { reasoning, tool_calls: calls } = message;
    if (Array.isArray(calls) && calls.length > 0) this.#hasCalls = true;
    // Ollama and vLLM send `reasoning`; most clients read `reasoning_content`.
    return typeof reasoning === 'string' && message['reasoning_content'] === undefined
      ? { ...message, reasoning_content: reasoning }
      : message;
  }

  // Some servers send the same index for several calls: each id gets an index of its own, and later deltas of a call keep it.
  #rewriteCall(call: unknown): unknown {
    if (!isObject(call)) return call;
    const { id, index } = call;
    if (typeof id !== 'string' || id === '')
      return { ...call, index: this.#latestIndex.get(index) ?? this.#indexWithoutId(call, index) };
    const position = this.#callIds.indexOf(id);
    const ownIndex = position < 0 ? this.#callIds.push(id) - 1 : position;
    this.#latestIndex.set(index, ownIndex);
    return { ...call, index: ownIndex };
  }

  // The index of a call without an id, under a new index of the server's: a delta with a name begins a new call.
  #indexWithoutId({ function: fn }: Json, index: unknown): number {
    const isNew = isObject(fn) && typeof fn['name'] === 'string' && fn['name'] !== '';
    const ownIndex = isNew ? this.#callIds.push('') - 1 : Math.max(0, this.#callIds.length - 1);
    if (isNew) this.#latestIndex.set(index, ownIndex);
    return ownIndex;
  }
}
