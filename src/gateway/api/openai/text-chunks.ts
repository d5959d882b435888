import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import type { ChunkStream } from './chat-chunks.ts';
import { chunkOpening, FINISH } from './completion-head.ts';
import { LegacyLogprobs } from './legacy-logprobs.ts';

/** Encodes one choice of a completion as server-sent events, one `data:` line each, with `echo` in front. */
export class TextChunks implements ResponseEncoder {
  readonly #stream: ChunkStream;
  readonly #index: number;
  readonly #opening: string;
  readonly #tail: string;
  readonly #logprobs: LegacyLogprobs;
  #echo: string;
  #ended = false;

  constructor(stream: ChunkStream, index: number, echo: string) {
    this.#stream = stream;
    this.#index = index;
    this.#echo = echo;
    this.#opening = `${chunkOpening(stream.head)}[{"text":`;
    this.#tail = stream.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#logprobs = new LegacyLogprobs(echo);
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text') return this.#echoChunk() + this.#chunk(event.text, event.logprobs, null);
    if (event.kind === 'thinking') return this.#echoChunk() + this.#chunk('', undefined, null, event.text);
    // A server of OpenAI's dialect repeats the prompt itself and sends the finish reason.
    if (event.kind === 'verbatim') return this.#verbatim(event.body);
    return event.kind !== 'end' || this.#ended
      ? ''
      : this.#echoChunk() + this.#chunk('', undefined, FINISH[event.reason]);
  }

  // The echoed prompt is the first chunk.
  #echoChunk(): string {
    const echo = this.#echo;
    this.#echo = '';
    return echo === '' ? '' : this.#chunk(echo, undefined, null);
  }

  // The API's completions have no field for thinking; an additional field is better than lost text.
  #chunk(text: string, logprobs: readonly unknown[] | undefined, finish: string | null, thinking?: string): string {
    const lists = logprobs === undefined ? 'null' : JSON.stringify(this.#logprobs.body(logprobs));
    const extra = thinking === undefined ? '' : `,"reasoning_content":${JSON.stringify(thinking)}`;
    return `${this.#opening}${JSON.stringify(text)}${extra},"index":${String(this.#index)},"logprobs":${lists},"finish_reason":${JSON.stringify(finish)}}]${this.#tail}`;
  }

  #verbatim({ usage: _usage, choices, ...rest }: Json): string {
    const { head, includeUsage } = this.#stream;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // the elements stay unknown
    if (!isObject(choice)) return '';
    if (typeof choice['finish_reason'] === 'string') this.#ended = true;
    return `data: ${JSON.stringify({ ...rest, ...head, choices: [{ ...choice, index: this.#index }], ...(includeUsage ? { usage: null } : {}) })}\n\n`;
  }
}
