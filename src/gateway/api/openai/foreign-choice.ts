import { isObject, type Json } from '../../json.ts';

/** Puts right what servers that speak OpenAI get wrong about one choice, in a stream or whole. */
export class ForeignChoice {
  readonly #index: number;
  /** Ids of the calls so far: their places are their indices. */
  readonly #calls: string[] = [];
  /** The last call that came under an index of the server's. */
  readonly #latest = new Map<unknown, number>();
  #called = false;

  constructor(index: number) {
    this.#index = index;
  }

  /** The choice as its client is to see it. */
  rewrite(choice: Json): Json {
    const { delta, message, finish_reason: reason } = choice;
    const said = isObject(delta)
      ? { delta: this.#delta(delta) }
      : isObject(message)
        ? { message: this.#said(message) }
        : {};
    return { ...choice, index: this.#index, ...said, ...this.#finish(reason, isObject(message)) };
  }

  #finish(reason: unknown, whole: boolean): Json {
    // Older Ollamas say stop where they mean that tools are to be called.
    if (reason === 'stop' && this.#called) return { finish_reason: 'tool_calls' };
    // And they say nothing where they cut off a model that repeats itself.
    return whole && typeof reason !== 'string' ? { finish_reason: 'length' } : {};
  }

  #delta(delta: Json): Json {
    const said = this.#said(delta);
    const calls = delta['tool_calls'];
    return Array.isArray(calls) && calls.length > 0
      ? { ...said, tool_calls: calls.map((call: unknown) => this.#call(call)) }
      : said;
  }

  #said(said: Json): Json {
    const { reasoning, tool_calls: calls } = said;
    if (Array.isArray(calls) && calls.length > 0) this.#called = true;
    // Ollama and vLLM say `reasoning` where most clients look for `reasoning_content`.
    return typeof reasoning === 'string' && said['reasoning_content'] === undefined
      ? { ...said, reasoning_content: reasoning }
      : said;
  }

  // Calls that only their ids tell apart get an index each, and what is added to one keeps its own.
  #call(call: unknown): unknown {
    if (!isObject(call)) return call;
    const { id, index } = call;
    if (typeof id !== 'string' || id === '')
      return { ...call, index: this.#latest.get(index) ?? this.#nameless(call, index) };
    const known = this.#calls.indexOf(id);
    const ours = known < 0 ? this.#calls.push(id) - 1 : known;
    this.#latest.set(index, ours);
    return { ...call, index: ours };
  }

  // The place of a call without an id, under an index that is new: a name begins another one.
  #nameless({ function: made }: Json, index: unknown): number {
    const begins = isObject(made) && typeof made['name'] === 'string' && made['name'] !== '';
    const ours = begins ? this.#calls.push('') - 1 : Math.max(0, this.#calls.length - 1);
    if (begins) this.#latest.set(index, ours);
    return ours;
  }
}
