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

/** The same for an event with a whole response, which is given as JSON. */
export function wholeResponseEventText(type: string, sequenceNumber: number, response: string): string {
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":${String(sequenceNumber)},"response":${response}}\n\n`;
}
