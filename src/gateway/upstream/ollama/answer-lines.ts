import { invalidResponse } from '../exchange-failure.ts';
import { isObject, parseObject, textOf, type Json, toolArguments } from '../../json.ts';
import { StopSequences } from '../stop-sequences.ts';
import type { ChatRequest, ServerEvent, Usage } from '../../exchange.ts';
import type { ResponseDecoder } from '../wire-request.ts';
import { markContext } from './context.ts';
import { failureOfLine } from './ollama-failure.ts';
import { ForcedCall, type CallGrammar, type TextPiece } from './forced-call.ts';
import { newCallId } from '../call-id.ts';
import { LineSplitter } from '../line-splitter.ts';
import { usageOf } from './usage.ts';

/** The parts of a request that a decoder needs. */
export interface WantedAnswer extends Pick<ChatRequest, 'stop' | 'maxTokens' | 'parallelCalls'> {
  /** The calls that the grammar of the response has, if it has any. */
  readonly calls?: CallGrammar | undefined;
  /** The field of a line that holds the output; `undefined`: the line itself. */
  readonly within: 'message' | undefined;
  /** The field that holds the text. */
  readonly text: 'content' | 'response';
  /** The model's name, if the response's `context` is wanted. */
  readonly contextOf?: string;
}

/**
 * Decodes the NDJSON of `/api/chat` and `/api/generate`. Limits and stop sequences of the request hold even if the server ignores
 * them: then the response ends early. With `maxTokens` 0 only the end is reported.
 */
export class AnswerLines implements ResponseDecoder {
  readonly #emit: (event: ServerEvent) => void;
  readonly #lines: LineSplitter;
  readonly #wanted: WantedAnswer;
  readonly #maxTokens: number;
  readonly #stops: StopSequences | undefined;
  readonly #forced: ForcedCall | undefined;
  #over = false;
  /** A line has come. */
  #begun = false;
  #calls = 0;
  /** The `context` that the model gave. */
  #context: readonly number[] | undefined;
  /** Chunks with text: never more than tokens. */
  #pieces = 0;

  constructor(emit: (event: ServerEvent) => void, wanted: WantedAnswer) {
    this.#emit = emit;
    this.#wanted = wanted;
    this.#maxTokens = wanted.maxTokens ?? Infinity;
    this.#stops = wanted.stop.length === 0 ? undefined : new StopSequences(wanted.stop, emit);
    this.#forced = wanted.calls === undefined ? undefined : new ForcedCall(wanted.calls);
    this.#lines = new LineSplitter((line) => this.#line(line));
  }

  push(bytes: Buffer): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
    if (this.#over) return;
    // Ollama ends the stream of a model that repeats one token without a `done` line: the response stands, its counts are unknown.
    if (this.#begun) this.#end('length');
    else this.#last(broken('the backend sent an empty response'));
  }

  #last(event: ServerEvent): void {
    this.#over = true;
    this.#stops?.release();
    this.#emit(event.kind === 'end' && this.#context !== undefined ? { ...event, context: this.#context } : event);
  }

  #end(reason: 'stop' | 'length', early?: true): void {
    const usage = { promptTokens: 0, completionTokens: this.#pieces };
    this.#finish(reason, usage, early);
  }

  #finish(reason: 'stop' | 'length', usage: Usage, early?: true): void {
    if (this.#calls === 0 && this.#forced !== undefined) this.#force(this.#forced);
    const why = this.#calls > 0 ? 'tool-calls' : reason;
    const stopSequence = this.#stops?.stopped;
    this.#last({
      kind: 'end',
      reason: why,
      usage,
      ...(early === undefined ? {} : { early }),
      ...(stopSequence === undefined ? {} : { stopSequence }),
    });
  }

  // A call that was cut off is none.
  #force(forced: ForcedCall): void {
    const call = forced.call();
    if (call !== undefined) this.#calls += 1;
    if (call !== undefined) this.#emit({ kind: 'tool-call', call });
    else for (const piece of forced.rest()) this.#pass(piece);
  }

  #line(line: string): void {
    if (this.#over) return;
    this.#begun = true;
    const json = parseObject(line);
    if (json === undefined) this.#last(broken('the backend sent what is not JSON'));
    else if ((json['error'] ?? undefined) !== undefined)
      this.#last({ kind: 'failure', failure: failureOfLine(errorText(json['error'])) });
    else this.#said(json);
  }

  #said(json: Json): void {
    const { within } = this.#wanted;
    const said = within === undefined ? json : json[within];
    if (isObject(said) && this.#maxTokens > 0) this.#piece(said, json['logprobs']);
    if (this.#over || json['done'] !== true) return;
    const { contextOf } = this.#wanted;
    if (contextOf !== undefined && isTokens(json['context'])) this.#context = markContext(json['context'], contextOf);
    const cut = this.#maxTokens === 0 || json['done_reason'] === 'length';
    this.#finish(cut ? 'length' : 'stop', usageOf(json));
  }

  #piece(said: Json, logprobs: unknown): void {
    const thinking = textOf(said, 'thinking');
    const text = textOf(said, this.#wanted.text);
    const calls = said['tool_calls'];
    if (thinking !== '' || text !== '') {
      if (this.#pieces >= this.#maxTokens) {
        this.#end('length', true);
        return;
      }
      this.#pieces += 1;
    }
    if (thinking !== '') this.#emit({ kind: 'thinking', text: thinking });
    if (text !== '') this.#text(text, logprobs);
    if (Array.isArray(calls) && !this.#over) for (const call of calls) this.#call(call);
  }

  #text(text: string, logprobs: unknown): void {
    const tokens = Array.isArray(logprobs) ? logprobs.map(wholeLogprob) : undefined;
    if (this.#forced === undefined) this.#pass({ text, tokens });
    else for (const piece of this.#forced.take({ text, tokens })) this.#pass(piece);
  }

  #pass({ text, tokens }: TextPiece): void {
    if (this.#over) return;
    if (this.#stops === undefined)
      this.#emit(tokens === undefined ? { kind: 'text', text } : { kind: 'text', text, logprobs: tokens });
    else if (this.#stops.take(text, tokens)) this.#end('stop', true);
  }

  #call(call: unknown): void {
    const made = isObject(call) ? call['function'] : undefined;
    if (!isObject(call) || !isObject(made) || (this.#calls > 0 && !this.#wanted.parallelCalls)) return;
    const name = textOf(made, 'name');
    const given = toolArguments(made['arguments']);
    const { calls } = this.#wanted;
    // Where a template marks calls by nothing, Ollama takes an answer for a call as soon as a tool's name stands anywhere in it
    // (tools/tools.go, 0.22.1): its arguments then are the answer.
    if (calls?.mayAnswer === true && !calls.fits(name, given)) {
      this.#pass({ text: JSON.stringify(given), tokens: undefined });
      return;
    }
    this.#calls += 1;
    const id = textOf(call, 'id');
    // Servers before 0.12 give no id; clients need one to send the result.
    this.#emit({
      kind: 'tool-call',
      call: {
        id: id === '' ? newCallId() : id,
        name,
        arguments: given,
      },
    });
  }
}

/** The text of an error, which proxies in front of Ollama send as OpenAI's error object. */
function errorText(error: unknown): string {
  if (error === '') return 'the backend failed without a reason';
  if (typeof error === 'string') return error;
  return isObject(error) && typeof error['message'] === 'string' ? error['message'] : JSON.stringify(error);
}

function broken(message: string): ServerEvent {
  return { kind: 'failure', failure: invalidResponse(message) };
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((token) => typeof token === 'number');
}

// Ollama leaves out empty fields; the API always has all four keys of a token.
function wholeLogprob(token: unknown): unknown {
  return isObject(token) ? { bytes: null, top_logprobs: [], ...token } : token;
}
