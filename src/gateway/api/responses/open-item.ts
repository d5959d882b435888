import type { Json } from '../../json.ts';
import type { ServerEvent } from '../../exchange.ts';
import type { StreamEvent } from './event-text.ts';

/** How far an item has come. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** An item of an answer while more of it may come. */
export interface OpenItem {
  /** What of a server's events belongs to it. */
  readonly takes: ServerEvent['kind'];
  /** The item as it is. */
  body(status: ItemStatus): Json;
  /** The events of its beginning. */
  begin(): readonly StreamEvent[];
  add(text: string, logprobs: readonly unknown[]): StreamEvent;
  /** The events of its end, all but `response.output_item.done`. */
  end(): readonly StreamEvent[];
}
