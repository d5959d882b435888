import type { ReplyWriter, ServerEvent, ToolCall, Usage } from '../exchange.ts';
import { FINISH, type AnswerHead } from './head.ts';
import { usageBody } from './usage.ts';

/** Gathers a chat's events into the one body of an answer that is not streamed. */
export class ChatCompletion implements ReplyWriter {
  readonly #head: AnswerHead;
  #text = '';
  #thinking = '';
  #verbatim: Readonly<Record<string, unknown>> | undefined;
  readonly #calls: ToolCall[] = [];
  readonly #logprobs: unknown[] = [];

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  write(event: ServerEvent): string {
    if (event.kind === 'end') return this.#body(event.reason, event.usage);
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'tool-call') this.#calls.push(event.call);
    else if (event.kind === 'verbatim') this.#verbatim = event.body;
    return '';
  }

  #body(reason: keyof typeof FINISH, usage: Usage): string {
    const { id, created, model } = this.#head;
    if (this.#verbatim !== undefined) return JSON.stringify({ ...this.#verbatim, id, created, model });
    const logprobs = this.#logprobs.length === 0 ? null : { content: this.#logprobs, refusal: null };
    const choice = { index: 0, message: this.#message(), logprobs, finish_reason: FINISH[reason] };
    return JSON.stringify({ id, object: 'chat.completion', created, model, choices: [choice], usage: usageBody(usage) });
  }

  #message(): Readonly<Record<string, unknown>> {
    const calls = this.#calls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) } }));
    return {
      role: 'assistant',
      content: this.#text === '' && calls.length > 0 ? null : this.#text,
      refusal: null,
      ...(this.#thinking === '' ? {} : { reasoning_content: this.#thinking }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  }
}
