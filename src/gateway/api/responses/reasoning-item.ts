import type { Json } from '../../json.ts';
import type { StreamEvent } from './event-text.ts';
import { newItemId } from './ids.ts';
import type { ItemStatus, OpenItem } from './open-item.ts';

/** The two forms in which thoughts may be told. */
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

/** What a model thinks: as it is, or in the place of the summary, which nobody makes here. */
export class ReasoningItem implements OpenItem {
  readonly takes = 'thinking';
  readonly #id = newItemId('rs');
  readonly #form: keyof typeof FORMS;
  readonly #place: Json;
  #text = '';

  constructor(outputIndex: number, summary: boolean) {
    this.#form = summary ? 'summary' : 'content';
    this.#place = { item_id: this.#id, output_index: outputIndex, [FORMS[this.#form].index]: 0 };
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
    return [{ type: FORMS[this.#form].added, ...this.#place, part: this.#part() }];
  }

  add(text: string): StreamEvent {
    this.#text += text;
    return { type: `${FORMS[this.#form].text}.delta`, ...this.#place, delta: text };
  }

  end(): readonly StreamEvent[] {
    const { text, done } = FORMS[this.#form];
    return [
      { type: `${text}.done`, ...this.#place, text: this.#text },
      { type: done, ...this.#place, part: this.#part() },
    ];
  }

  #part(): Json {
    return { type: FORMS[this.#form].part, text: this.#text };
  }
}
