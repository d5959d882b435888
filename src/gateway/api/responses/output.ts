import type { Json } from '../../json.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { callItem } from './call-item.ts';
import type { StreamEvent } from './event-text.ts';
import { MessageItem } from './message-item.ts';
import type { OpenItem } from './open-item.ts';
import { ReasoningItem } from './reasoning-item.ts';
import type { KnownTool } from './tool.ts';

/** Options for the output items of a response. */
export interface OutputOptions {
  /** The tools as the client defined them, by the names that the model knows. */
  readonly toolsByName: ReadonlyMap<string, KnownTool>;
  /** Whether thinking is sent as a summary. */
  readonly summary: boolean;
}

/** Converts backend events to output items, one after the other, and to the stream events that carry them. */
export class Output {
  readonly #options: OutputOptions;
  readonly #done: Json[] = [];
  #open: OpenItem | undefined;
  /** The number of thinking chunks; never more than thinking tokens. */
  thinkingChunks = 0;

  constructor(outputOptions: OutputOptions) {
    this.#options = outputOptions;
  }

  /** The items so far; an open item is incomplete. */
  items(): readonly Json[] {
    return this.#open === undefined ? this.#done : [...this.#done, this.#open.body('incomplete')];
  }

  add(event: ServerEvent): readonly StreamEvent[] {
    if (event.kind === 'text') return this.#addText(event.kind, event.text, event.logprobs);
    if (event.kind === 'thinking') {
      this.thinkingChunks += 1;
      return this.#addText(event.kind, event.text);
    }
    return event.kind === 'tool-call' ? [...this.#closeItem('completed'), ...this.#addCall(event.call)] : [];
  }

  /**
   * Ends the output. A complete response always has a message or a tool call; if the model sent neither, an empty message is added.
   */
  end(status: 'completed' | 'incomplete'): readonly StreamEvent[] {
    const isEmpty =
      status === 'completed' &&
      this.#open?.eventKind !== 'text' &&
      this.#done.every(({ type }) => type === 'reasoning');
    return [...(isEmpty ? this.#openItem('text') : []), ...this.#closeItem(status)];
  }

  #addText(kind: 'text' | 'thinking', text: string, logprobs: readonly unknown[] = []): readonly StreamEvent[] {
    const before = this.#open?.eventKind === kind ? [] : this.#openItem(kind);
    const delta = this.#open?.add(text, logprobs);
    return delta === undefined ? before : [...before, delta];
  }

  #openItem(kind: 'text' | 'thinking'): readonly StreamEvent[] {
    const before = this.#closeItem('completed');
    const index = this.#done.length;
    const item = kind === 'text' ? new MessageItem(index) : new ReasoningItem(index, this.#options.summary);
    this.#open = item;
    return [
      ...before,
      { type: 'response.output_item.added', output_index: index, item: item.body('in_progress') },
      ...item.begin(),
    ];
  }

  #closeItem(status: 'completed' | 'incomplete'): readonly StreamEvent[] {
    const open = this.#open;
    if (open === undefined) return [];
    this.#open = undefined;
    const item = open.body(status);
    const index = this.#done.push(item) - 1;
    return [...open.end(), { type: 'response.output_item.done', output_index: index, item }];
  }

  #addCall(call: ToolCall): readonly StreamEvent[] {
    const { item, events } = callItem(call, this.#done.length, this.#options.toolsByName.get(call.name));
    this.#done.push(item);
    return events;
  }
}
