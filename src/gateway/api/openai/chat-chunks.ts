import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { ForeignChoice } from './foreign-choice.ts';
import { chunkOpening, FINISH, type AnswerHead } from './head.ts';

/** What the chunks of one stream have in common. */
export interface Stream {
  readonly head: AnswerHead;
  /** Whether the stream ends with its usage; all other chunks then say that they have none. */
  readonly includeUsage: boolean;
}

/** Writes one choice of a chat as server-sent events, one `data:` line each. */
export class ChatChunks implements ResponseEncoder {
  readonly #stream: Stream;
  readonly #open: string;
  readonly #choice: string;
  readonly #tail: string;
  readonly #foreign: ForeignChoice;
  #calls = 0;
  #begun = false;
  #ended = false;

  constructor(stream: Stream, index: number) {
    this.#stream = stream;
    this.#open = chunkOpening(stream.head);
    this.#choice = `[{"index":${String(index)},"delta":`;
    this.#tail = stream.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#foreign = new ForeignChoice(index);
  }

  encode(event: ServerEvent): string {
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
        // A server that speaks our dialect has said itself how the choice ended.
        return this.#ended
          ? ''
          : `${this.#first()}${this.#open}${this.#choice}{},"finish_reason":"${FINISH[event.reason]}"}]${this.#tail}`;
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
    return `${this.#open}${this.#choice}${delta}${extra},"finish_reason":null}]${this.#tail}`;
  }

  #call(call: ToolCall): Json {
    const index = this.#calls;
    this.#calls += 1;
    return {
      index,
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: JSON.stringify(call.arguments) },
    };
  }

  #verbatim(body: Json): string {
    const { head, includeUsage } = this.#stream;
    const { usage: _usage, choices, ...rest } = body;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    if (!isObject(choice)) return '';
    this.#begun = true;
    if (typeof choice['finish_reason'] === 'string') this.#ended = true;
    return `data: ${JSON.stringify({ ...rest, ...head, choices: [this.#foreign.rewrite(choice)], ...(includeUsage ? { usage: null } : {}) })}\n\n`;
  }
}
