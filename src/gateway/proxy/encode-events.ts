import type { ResponseEncoder } from '../client-dialect.ts';
import type { ServerEvent } from '../exchange.ts';

/** A batch of server events in the client's dialect. */
export interface EncodedEvents {
  /** May be empty. */
  readonly text: string;
  /** The event that ends the response, if the batch has one; events behind it are dropped. */
  readonly last: Extract<ServerEvent, { kind: 'end' | 'failure' }> | undefined;
  /** Whether the batch has content: a backend has begun to answer. */
  readonly hasContent: boolean;
}

/** Encodes a batch of events as one text, so that the client gets one write for it. */
export function encodeEvents(encoder: ResponseEncoder, events: readonly ServerEvent[]): EncodedEvents {
  let text = '';
  let hasContent = false;
  for (const event of events) {
    if (event.kind === 'failure') return { text, last: event, hasContent };
    text += encoder.encode(event);
    if (event.kind === 'end') return { text, last: event, hasContent };
    hasContent = true;
  }
  return { text, last: undefined, hasContent };
}
