import { invalidResponse } from '../exchange-failure.ts';
import { isObject, textOf, type Json } from '../../json.ts';
import { StopSequences } from '../stop-sequences.ts';
import type { ChatRequest, ServerEvent, ServerFailure } from '../../exchange.ts';
import { GatheredCalls } from './gathered-calls.ts';
import { logprobTokens } from './token-logprobs.ts';

/** The limits of a request that the gateway enforces if the server does not. */
export type HonouredParams = Pick<ChatRequest, 'maxTokens' | 'parallelCalls' | 'stream' | 'stop' | 'namesStop'>;

const BROKEN_CALL: ServerFailure = {
  ...invalidResponse('the model called a tool with arguments that are not a JSON object'),
  fault: 'request',
};

/**
 * Translates the output of an OpenAI-compatible server, chunked or whole, into neutral events. Calls are reported at the end, when
 * they are complete.
 */
export class Interpreter {
  readonly #emit: (event: ServerEvent) => void;
  readonly #params: HonouredParams;
  readonly #calls = new GatheredCalls();
  /** Set if the server was not told the stop sequences. */
  readonly #stops: StopSequences | undefined;
  #finish: string | undefined;
  #over = false;
  /** Chunks with text: never more than tokens. */
  #pieces = 0;

  constructor(emit: (event: ServerEvent) => void, params: HonouredParams) {
    this.#emit = emit;
    this.#params = params;
    this.#stops =
      params.namesStop === true && params.stop.length > 0 ? new StopSequences(params.stop, emit) : undefined;
  }

  /** Takes an event of a reader. */
  take(event: ServerEvent): void {
    if (this.#over) return;
    if (event.kind === 'verbatim') this.#chunk(event.body);
    else if (event.kind === 'end') this.#end(event);
    else this.#emit(event);
  }

  #chunk({ choices }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of unknown items
    if (!isObject(choice)) return;
    const { delta, message, finish_reason: reason } = choice;
    if (typeof reason === 'string') this.#finish = reason;
    if (this.#params.maxTokens !== 0)
      this.#said(isObject(delta) ? delta : isObject(message) ? message : choice, logprobTokens(choice['logprobs']));
  }

  #said(said: Json, logprobs: readonly unknown[] | undefined): void {
    const thinking = textOf(said, 'reasoning_content') || textOf(said, 'reasoning');
    const text = textOf(said, 'content') || textOf(said, 'text') || textOf(said, 'refusal');
    if (thinking !== '' || text !== '') this.#pieces += 1;
    if (thinking !== '') this.#emit({ kind: 'thinking', text: thinking });
    if (text !== '') this.#text(text, logprobs);
    const calls = said['tool_calls'];
    if (!Array.isArray(calls) || this.#over) return;
    // Calls of a whole response have no index: each is a call of its own.
    for (const [place, call] of (calls as readonly unknown[]).entries())
      if (isObject(call)) this.#calls.take(call, this.#params.stream ? call['index'] : place); // an array of unknown items
  }

  #text(text: string, logprobs: readonly unknown[] | undefined): void {
    if (this.#stops === undefined)
      this.#emit(logprobs === undefined ? { kind: 'text', text } : { kind: 'text', text, logprobs });
    else if (this.#stops.take(text, logprobs) && this.#params.stream) {
      this.#over = true;
      this.#emit({
        kind: 'end',
        reason: 'stop',
        usage: { promptTokens: 0, completionTokens: this.#pieces },
        early: true,
        stopSequence: this.#stops.stopped ?? '',
      });
    }
  }

  #end(end: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#stops?.release();
    const stopSequence = this.#stops?.stopped;
    if (stopSequence !== undefined) {
      // The response came whole, with its usage.
      this.#emit({ ...end, reason: 'stop', stopSequence });
      return;
    }
    // Ollama gives no reason when it cuts off a model that repeats itself.
    const cut =
      this.#params.maxTokens === 0 ||
      end.reason === 'length' ||
      this.#finish === 'length' ||
      (!this.#params.stream && this.#finish === undefined);
    const calls = this.#calls.all();
    const whole = calls.filter((call) => call !== undefined);
    // A call that was cut off is no call.
    if (whole.length < calls.length && !cut) {
      this.#emit({ kind: 'failure', failure: BROKEN_CALL });
      return;
    }
    for (const call of this.#params.parallelCalls ? whole : whole.slice(0, 1)) this.#emit({ kind: 'tool-call', call });
    this.#emit({ ...end, reason: cut ? 'length' : whole.length > 0 ? 'tool-calls' : 'stop' });
  }
}
