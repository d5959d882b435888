import type { Json } from '../../json.ts';

/** An event of a stream before it has its number. */
export interface StreamEvent extends Json {
  readonly type: string;
}

/** An event as it is sent: by its name, with its place in the stream. */
export function responseEventText(event: StreamEvent, sequenceNumber: number): string {
  const { type, ...rest } = event;
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...rest })}\n\n`;
}
