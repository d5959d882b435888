import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import type { Stream } from './chat-chunks.ts';
import { chunkOpening, FINISH } from './head.ts';
import { LegacyLogprobs } from './legacy-logprobs.ts';

/** Writes one choice of a completion as server-sent events, one `data:` line each; `echo` comes before it. */
export class TextChunks implements ResponseEncoder {
  readonly #stream: Stream;
  readonly #index: number;
  readonly #open: string;
  readonly #tail: string;
  readonly #logprobs: LegacyLogprobs;
  #echo: string;
  #ended = false;

  constructor(stream: Stream, index: number, echo: string) {
    this.#stream = stream;
    this.#index = index;
    this.#echo = echo;
    this.#open = `${chunkOpening(stream.head)}[{"text":`;
    this.#tail = stream.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#logprobs = new LegacyLogprobs(echo);
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text') return this.#before() + this.#chunk(event.text, event.logprobs, null);
    if (event.kind === 'thinking') return this.#before() + this.#chunk('', undefined, null, event.text);
    // A server that speaks our dialect repeats the prompt itself, and says how the choice ended.
    if (event.kind === 'verbatim') return this.#verbatim(event.body);
    return event.kind !== 'end' || this.#ended ? '' : this.#before() + this.#chunk('', undefined, FINISH[event.reason]);
  }

  // What is to be repeated of the prompt is the first chunk.
  #before(): string {
    const echo = this.#echo;
    this.#echo = '';
    return echo === '' ? '' : this.#chunk(echo, undefined, null);
  }

  // Thoughts have no place in the API's completions; to lose them would be worse than to add one.
  #chunk(text: string, logprobs: readonly unknown[] | undefined, finish: string | null, thought?: string): string {
    const lists = logprobs === undefined ? 'null' : JSON.stringify(this.#logprobs.body(logprobs));
    const extra = thought === undefined ? '' : `,"reasoning_content":${JSON.stringify(thought)}`;
    return `${this.#open}${JSON.stringify(text)}${extra},"index":${String(this.#index)},"logprobs":${lists},"finish_reason":${JSON.stringify(finish)}}]${this.#tail}`;
  }

  #verbatim({ usage: _usage, choices, ...rest }: Json): string {
    const { head, includeUsage } = this.#stream;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    if (!isObject(choice)) return '';
    if (typeof choice['finish_reason'] === 'string') this.#ended = true;
    return `data: ${JSON.stringify({ ...rest, ...head, choices: [{ ...choice, index: this.#index }], ...(includeUsage ? { usage: null } : {}) })}\n\n`;
  }
}
