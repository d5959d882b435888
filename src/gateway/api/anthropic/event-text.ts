import type { Json } from '../../json.ts';

/** One event of a stream as text; its event name is its type. */
export function messageEventText(event: Json & { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
