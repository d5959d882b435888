import type { ReplyWriter, ServerEvent, ToolCall, Usage } from '../exchange.ts';
import { FINISH, type AnswerHead } from './head.ts';
import { usageBody } from './usage.ts';

/** The end of every stream that ended well. */
export const DONE = 'data: [DONE]\n\n';

/** Writes a chat's events as server-sent events, one `data:` line each, all with one head. */
export class ChatChunks implements ReplyWriter {
  readonly #open: string;
  readonly #tail: string;
  readonly #includeUsage: boolean;
  readonly #head: AnswerHead;
  #calls = 0;
  #begun = false;
  #spoken = false;

  constructor(head: AnswerHead, includeUsage: boolean) {
    this.#head = head;
    this.#includeUsage = includeUsage;
    // What is the same in all chunks is written once; a chunk is then little more than its text.
    const { id, created, model } = head;
    this.#open = `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)},"choices":`;
    this.#tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  }

  write(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#first() + this.#delta(`{"content":${JSON.stringify(event.text)}}`, event.logprobs);
      case 'thinking':
        return this.#first() + this.#delta(`{"reasoning_content":${JSON.stringify(event.text)}}`);
      case 'tool-call':
        return this.#first() + this.#delta(JSON.stringify({ tool_calls: [this.#call(event.call)] }));
      case 'verbatim':
        return this.#verbatim(event.body);
      case 'end':
        return this.#end(FINISH[event.reason], event.usage);
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  // The first delta carries the role, and nothing else.
  #first(): string {
    if (this.#begun) return '';
    this.#begun = true;
    return this.#delta('{"role":"assistant","content":""}');
  }

  #delta(delta: string, logprobs?: readonly unknown[]): string {
    const extra = logprobs === undefined ? '' : `,"logprobs":${JSON.stringify({ content: logprobs, refusal: null })}`;
    return `${this.#open}[{"index":0,"delta":${delta}${extra},"finish_reason":null}]${this.#tail}`;
  }

  #call(call: ToolCall): Readonly<Record<string, unknown>> {
    const index = this.#calls;
    this.#calls += 1;
    return { index, id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) } };
  }

  #end(reason: string, usage: Usage): string {
    // A server that spoke our dialect has already said how each choice ended.
    const last = this.#spoken ? '' : `${this.#first()}${this.#open}[{"index":0,"delta":{},"finish_reason":"${reason}"}]${this.#tail}`;
    const counts = this.#includeUsage ? `${this.#open}[],"usage":${JSON.stringify(usageBody(usage))}}\n\n` : '';
    return last + counts + DONE;
  }

  #verbatim(body: Readonly<Record<string, unknown>>): string {
    this.#begun = true;
    this.#spoken = true;
    const { id, created, model } = this.#head;
    const { usage: _usage, ...rest } = body;
    return `data: ${JSON.stringify({ ...rest, id, created, model, ...(this.#includeUsage ? { usage: null } : {}) })}\n\n`;
  }
}
