import type { Json } from '../../json.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { callItem } from './call-item.ts';
import type { StreamEvent } from './event-text.ts';
import { MessageItem } from './message-item.ts';
import type { OpenItem } from './open-item.ts';
import { ReasoningItem } from './reasoning-item.ts';
import type { KnownTool } from './tool.ts';

/** How the items of an answer are told. */
export interface OutputEvents {
  /** How the client knows what a model calls, by the model's name for it. */
  readonly callees: ReadonlyMap<string, KnownTool>;
  /** Thoughts are told as a summary. */
  readonly summary: boolean;
}

/** Makes the items of an answer out of what a server says, one after the other, with the events that tell of them. */
export class Output {
  readonly #telling: OutputEvents;
  readonly #done: Json[] = [];
  #open: OpenItem | undefined;
  /** Pieces of thoughts: never more than tokens. */
  thoughts = 0;

  constructor(telling: OutputEvents) {
    this.#telling = telling;
  }

  /** The items; one that has not ended is incomplete. */
  items(): readonly Json[] {
    return this.#open === undefined ? this.#done : [...this.#done, this.#open.body('incomplete')];
  }

  take(event: ServerEvent): readonly StreamEvent[] {
    if (event.kind === 'text') return this.#emit(event.kind, event.text, event.logprobs);
    if (event.kind === 'thinking') {
      this.thoughts += 1;
      return this.#emit(event.kind, event.text);
    }
    return event.kind === 'tool-call' ? [...this.#close('completed'), ...this.#call(event.call)] : [];
  }

  /** Nothing more comes. An answer that is whole has a message or a call in it, even if nothing was said. */
  end(status: 'completed' | 'incomplete'): readonly StreamEvent[] {
    const silent =
      status === 'completed' && this.#open?.takes !== 'text' && this.#done.every(({ type }) => type === 'reasoning');
    return [...(silent ? this.#change('text') : []), ...this.#close(status)];
  }

  #emit(kind: 'text' | 'thinking', text: string, logprobs: readonly unknown[] = []): readonly StreamEvent[] {
    const before = this.#open?.takes === kind ? [] : this.#change(kind);
    const delta = this.#open?.add(text, logprobs);
    return delta === undefined ? before : [...before, delta];
  }

  #change(kind: 'text' | 'thinking'): readonly StreamEvent[] {
    const before = this.#close('completed');
    const index = this.#done.length;
    const item = kind === 'text' ? new MessageItem(index) : new ReasoningItem(index, this.#telling.summary);
    this.#open = item;
    return [
      ...before,
      { type: 'response.output_item.added', output_index: index, item: item.body('in_progress') },
      ...item.begin(),
    ];
  }

  #close(status: 'completed' | 'incomplete'): readonly StreamEvent[] {
    const open = this.#open;
    if (open === undefined) return [];
    this.#open = undefined;
    const item = open.body(status);
    const index = this.#done.push(item) - 1;
    return [...open.end(), { type: 'response.output_item.done', output_index: index, item }];
  }

  #call(call: ToolCall): readonly StreamEvent[] {
    const { item, events } = callItem(call, this.#done.length, this.#telling.callees.get(call.name));
    this.#done.push(item);
    return events;
  }
}
