import { isObject, textOf, type Json } from '../../json.ts';
import { StopSequences } from '../stop-sequences.ts';
import type { ChatRequest, ServerEvent, ServerFailure } from '../../exchange.ts';
import { GatheredCalls } from './gathered-calls.ts';
import { logprobTokens } from './token-logprobs.ts';

/** What of a request its answer is held to, where a server does not keep to it. */
export type HonouredParams = Pick<ChatRequest, 'maxTokens' | 'parallelCalls' | 'stream' | 'stop' | 'namesStop'>;

const BROKEN_CALL: ServerFailure = {
  kind: 'upstream',
  code: 'backend_failed',
  fault: 'request',
  message: 'the model called a tool with arguments that are not a JSON object',
};

/** Tells what a server said in OpenAI's dialect, a chunk at a time or whole, in the terms that every dialect is written from. Calls are told at the end, when they are whole. */
export class Interpreter {
  readonly #emit: (event: ServerEvent) => void;
  readonly #heeded: HonouredParams;
  readonly #calls = new GatheredCalls();
  /** Where the server was not told what to stop at. */
  readonly #watch: StopSequences | undefined;
  #finish: string | undefined;
  #over = false;
  /** Pieces with text: never more than tokens. */
  #pieces = 0;

  constructor(emit: (event: ServerEvent) => void, heeded: HonouredParams) {
    this.#emit = emit;
    this.#heeded = heeded;
    this.#watch =
      heeded.namesStop === true && heeded.stop.length > 0 ? new StopSequences(heeded.stop, emit) : undefined;
  }

  /** Takes what a reader tells. */
  take(event: ServerEvent): void {
    if (this.#over) return;
    if (event.kind === 'verbatim') this.#chunk(event.body);
    else if (event.kind === 'end') this.#end(event);
    else this.#emit(event);
  }

  #chunk({ choices }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    if (!isObject(choice)) return;
    const { delta, message, finish_reason: reason } = choice;
    if (typeof reason === 'string') this.#finish = reason;
    if (this.#heeded.maxTokens !== 0)
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
    // What is not streamed has no indices: each call is one of its own.
    for (const [place, call] of (calls as readonly unknown[]).entries())
      if (isObject(call)) this.#calls.take(call, this.#heeded.stream ? call['index'] : place); // an array of what is not yet known
  }

  #text(text: string, logprobs: readonly unknown[] | undefined): void {
    if (this.#watch === undefined)
      this.#emit(logprobs === undefined ? { kind: 'text', text } : { kind: 'text', text, logprobs });
    else if (this.#watch.take(text, logprobs) && this.#heeded.stream) {
      this.#over = true;
      this.#emit({
        kind: 'end',
        reason: 'stop',
        usage: { promptTokens: 0, completionTokens: this.#pieces },
        early: true,
        stopSequence: this.#watch.stopped ?? '',
      });
    }
  }

  #end(end: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#watch?.release();
    const stopSequence = this.#watch?.stopped;
    if (stopSequence !== undefined) {
      // It came whole, and with what it has cost.
      this.#emit({ ...end, reason: 'stop', stopSequence });
      return;
    }
    // Ollama says no reason where it cuts off a model that repeats itself.
    const cut =
      this.#heeded.maxTokens === 0 ||
      end.reason === 'length' ||
      this.#finish === 'length' ||
      (!this.#heeded.stream && this.#finish === undefined);
    const calls = this.#calls.all();
    const whole = calls.filter((call) => call !== undefined);
    // What was cut off in the middle of a call is no call.
    if (whole.length < calls.length && !cut) {
      this.#emit({ kind: 'failure', failure: BROKEN_CALL });
      return;
    }
    for (const call of this.#heeded.parallelCalls ? whole : whole.slice(0, 1)) this.#emit({ kind: 'tool-call', call });
    this.#emit({ ...end, reason: cut ? 'length' : whole.length > 0 ? 'tool-calls' : 'stop' });
  }
}
