import type { AnswerReader, ServerEvent } from '../exchange.ts';
import { failureOfLine } from './failure.ts';
import { isObject, parseObject, textOf, type Json } from './json.ts';
import { LineSplitter } from './line-splitter.ts';
import { usageOf } from './usage.ts';

/** Reads the NDJSON of `/api/chat`. With `silent` nothing but the end is told (`max_tokens: 0`). */
export class ChatReader implements AnswerReader {
  readonly #emit: (event: ServerEvent) => void;
  readonly #lines: LineSplitter;
  readonly #silent: boolean;
  #over = false;
  #called = false;
  #pieces = 0;

  constructor(emit: (event: ServerEvent) => void, silent = false) {
    this.#emit = emit;
    this.#silent = silent;
    this.#lines = new LineSplitter((line) => this.#line(line));
  }

  push(bytes: Buffer): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
    // Ollama cuts off a model that repeats one token for ever by a clean end without `done`: the answer stands, its counts are not known.
    if (!this.#over) this.#last({ kind: 'end', reason: this.#called ? 'tool-calls' : 'length', usage: { promptTokens: 0, completionTokens: this.#pieces } });
  }

  #last(event: ServerEvent): void {
    this.#over = true;
    this.#emit(event);
  }

  #line(line: string): void {
    if (this.#over) return;
    const json = parseObject(line);
    if (json === undefined) this.#last({ kind: 'failure', failure: { kind: 'upstream', code: 'backend_failed', fault: 'deployment', message: 'the backend sent what is not JSON' } });
    else if (typeof json['error'] === 'string') this.#last({ kind: 'failure', failure: failureOfLine(json['error']) });
    else this.#said(json);
  }

  #said(json: Json): void {
    const message = json['message'];
    if (isObject(message) && !this.#silent) this.#message(message, json['logprobs']);
    if (json['done'] !== true) return;
    const cut = this.#silent || json['done_reason'] === 'length';
    this.#last({ kind: 'end', reason: this.#called ? 'tool-calls' : cut ? 'length' : 'stop', usage: usageOf(json) });
  }

  #message(message: Json, logprobs: unknown): void {
    const [thinking, text, calls] = [textOf(message, 'thinking'), textOf(message, 'content'), message['tool_calls']];
    if (thinking !== '' || text !== '') this.#pieces += 1;
    if (thinking !== '') this.#emit({ kind: 'thinking', text: thinking });
    if (text !== '') this.#emit(Array.isArray(logprobs) ? { kind: 'text', text, logprobs: logprobs.map(wholeLogprob) } : { kind: 'text', text });
    if (Array.isArray(calls)) for (const call of calls) this.#call(call);
  }

  #call(call: unknown): void {
    const made = isObject(call) ? call['function'] : undefined;
    if (!isObject(call) || !isObject(made)) return;
    this.#called = true;
    const given = made['arguments'];
    const id = textOf(call, 'id');
    // Servers before 0.12 give no id; clients need one to answer the call.
    this.#emit({ kind: 'tool-call', call: { id: id === '' ? `call_${crypto.randomUUID().replaceAll('-', '')}` : id, name: textOf(made, 'name'), arguments: isObject(given) ? given : {} } });
  }
}

// Ollama leaves out what is empty; the API has all four keys of a token always.
function wholeLogprob(token: unknown): unknown {
  return isObject(token) ? { bytes: null, top_logprobs: [], ...token } : token;
}
