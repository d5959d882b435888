import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { callBody } from './call-body.ts';
import { ForeignChoice } from './foreign-choice.ts';
import { chunkOpening, FINISH, type CompletionHead } from './completion-head.ts';

/** The parts that all chunks of one stream share. */
export interface ChunkStream {
  readonly head: CompletionHead;
  /** Whether the stream ends with its usage; all other chunks then have `usage: null`. */
  readonly includeUsage: boolean;
}

/** Encodes one choice of a chat as server-sent events, one `data:` line each. */
export class ChatChunks implements ResponseEncoder {
  readonly #stream: ChunkStream;
  readonly #opening: string;
  readonly #choice: string;
  readonly #tail: string;
  readonly #customTools: ReadonlySet<string>;
  readonly #foreign: ForeignChoice;
  #calls = 0;
  #started = false;
  #ended = false;

  /** `customTools`: the names of tools whose calls carry free text. */
  constructor(stream: ChunkStream, index: number, customTools: ReadonlySet<string> = new Set()) {
    this.#stream = stream;
    this.#customTools = customTools;
    this.#opening = chunkOpening(stream.head);
    this.#choice = `[{"index":${String(index)},"delta":`;
    this.#tail = stream.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#foreign = new ForeignChoice(index);
  }

  encode(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#roleDelta() + this.#delta(`{"content":${JSON.stringify(event.text)}}`, event.logprobs);
      case 'thinking':
        return this.#roleDelta() + this.#delta(`{"reasoning_content":${JSON.stringify(event.text)}}`);
      case 'tool-call':
        return this.#roleDelta() + this.#delta(JSON.stringify({ tool_calls: [this.#call(event.call)] }));
      case 'verbatim':
        return this.#verbatim(event.body);
      case 'end':
        // A server of OpenAI's dialect has already sent the finish reason.
        return this.#ended
          ? ''
          : `${this.#roleDelta()}${this.#opening}${this.#choice}{},"finish_reason":"${FINISH[event.reason]}"}]${this.#tail}`;
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  // The first delta carries only the role.
  #roleDelta(): string {
    if (this.#started) return '';
    this.#started = true;
    return this.#delta('{"role":"assistant","content":""}');
  }

  #delta(delta: string, logprobs?: readonly unknown[]): string {
    const extra = logprobs === undefined ? '' : `,"logprobs":${JSON.stringify({ content: logprobs, refusal: null })}`;
    return `${this.#opening}${this.#choice}${delta}${extra},"finish_reason":null}]${this.#tail}`;
  }

  #call(call: ToolCall): Json {
    const index = this.#calls;
    this.#calls += 1;
    return { index, ...callBody(call, this.#customTools) };
  }

  #verbatim(body: Json): string {
    const { head, includeUsage } = this.#stream;
    const { usage: _usage, choices, ...rest } = body;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // the elements stay unknown
    if (!isObject(choice)) return '';
    this.#started = true;
    if (typeof choice['finish_reason'] === 'string') this.#ended = true;
    return `data: ${JSON.stringify({ ...rest, ...head, choices: [this.#foreign.rewrite(choice)], ...(includeUsage ? { usage: null } : {}) })}\n\n`;
  }
}
