import type { Json } from '../../json.ts';
import type { StreamEvent } from './event-text.ts';
import { newItemId } from './ids.ts';
import type { ItemStatus, OpenItem } from './open-item.ts';

/** The item of a text of the model. */
export class MessageItem implements OpenItem {
  readonly eventKind = 'text';
  readonly #id = newItemId('msg');
  readonly #position: Json;
  #text = '';
  readonly #logprobs: unknown[] = [];

  constructor(outputIndex: number) {
    this.#position = { item_id: this.#id, output_index: outputIndex, content_index: 0 };
  }

  body(status: ItemStatus): Json {
    return {
      id: this.#id,
      type: 'message',
      status,
      content: status === 'in_progress' ? [] : [this.#part()],
      role: 'assistant',
    };
  }

  begin(): readonly StreamEvent[] {
    return [{ type: 'response.content_part.added', ...this.#position, part: this.#part() }];
  }

  add(text: string, logprobs: readonly unknown[]): StreamEvent {
    this.#text += text;
    this.#logprobs.push(...logprobs);
    return { type: 'response.output_text.delta', ...this.#position, delta: text, logprobs };
  }

  end(): readonly StreamEvent[] {
    return [
      { type: 'response.output_text.done', ...this.#position, text: this.#text, logprobs: this.#logprobs },
      { type: 'response.content_part.done', ...this.#position, part: this.#part() },
    ];
  }

  #part(): Json {
    return { type: 'output_text', annotations: [], logprobs: this.#logprobs, text: this.#text };
  }
}
