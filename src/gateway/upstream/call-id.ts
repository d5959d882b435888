import { randomId } from '../../core/id.ts';

/** An id for a tool call that has none. */
export function newCallId(): string {
  return `call_${randomId()}`;
}
