import type { Json } from '../../json.ts';
import type { ServerEvent } from '../../exchange.ts';
import type { StreamEvent } from './event-text.ts';

/** The status of an output item. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** An output item that is not complete yet. */
export interface OpenItem {
  /** The kind of backend event that this item collects. */
  readonly eventKind: ServerEvent['kind'];
  /** The item in its current state. */
  body(status: ItemStatus): Json;
  /** The events at the beginning of the item, after `response.output_item.added`. */
  begin(): readonly StreamEvent[];
  add(text: string, logprobs: readonly unknown[]): StreamEvent;
  /** The events at the end of the item, before `response.output_item.done`. */
  end(): readonly StreamEvent[];
}
