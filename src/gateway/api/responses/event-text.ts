import type { Json } from '../../json.ts';

/** A stream event without its sequence number. */
export interface StreamEvent extends Json {
  readonly type: string;
}

/** A stream event as text, with its name and its sequence number. */
export function responseEventText(event: StreamEvent, sequenceNumber: number): string {
  const { type, ...rest } = event;
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...rest })}\n\n`;
}
