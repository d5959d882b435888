import type { Json } from '../../json.ts';
import type { StreamEvent } from './event-text.ts';
import { newItemId } from './ids.ts';
import type { ItemStatus, OpenItem } from './open-item.ts';

/** The two formats of thinking in a response. */
const FORMS = {
  content: {
    index: 'content_index',
    part: 'reasoning_text',
    added: 'response.content_part.added',
    text: 'response.reasoning_text',
    done: 'response.content_part.done',
  },
  summary: {
    index: 'summary_index',
    part: 'summary_text',
    added: 'response.reasoning_summary_part.added',
    text: 'response.reasoning_summary_text',
    done: 'response.reasoning_summary_part.done',
  },
} as const;

/**
 * The item of the model's thinking. A client that requested a summary gets the full thinking in its place, because the gateway
 * makes no summaries.
 */
export class ReasoningItem implements OpenItem {
  readonly eventKind = 'thinking';
  readonly #id = newItemId('rs');
  readonly #form: keyof typeof FORMS;
  readonly #position: Json;
  #text = '';

  constructor(outputIndex: number, summary: boolean) {
    this.#form = summary ? 'summary' : 'content';
    this.#position = { item_id: this.#id, output_index: outputIndex, [FORMS[this.#form].index]: 0 };
  }

  body(status: ItemStatus): Json {
    const parts = status === 'in_progress' ? [] : [this.#part()];
    return {
      id: this.#id,
      type: 'reasoning',
      status,
      summary: [],
      ...(this.#form === 'summary' ? { summary: parts } : { content: parts }),
    };
  }

  begin(): readonly StreamEvent[] {
    return [{ type: FORMS[this.#form].added, ...this.#position, part: this.#part() }];
  }

  add(text: string): StreamEvent {
    this.#text += text;
    return { type: `${FORMS[this.#form].text}.delta`, ...this.#position, delta: text };
  }

  end(): readonly StreamEvent[] {
    const { text, done } = FORMS[this.#form];
    return [
      { type: `${text}.done`, ...this.#position, text: this.#text },
      { type: done, ...this.#position, part: this.#part() },
    ];
  }

  #part(): Json {
    return { type: FORMS[this.#form].part, text: this.#text };
  }
}
