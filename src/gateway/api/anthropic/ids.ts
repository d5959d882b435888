import { randomId } from '../../../core/id.ts';

/** A new id for a message or a tool call, in the format of Anthropic's ids. */
export function newMessageId(prefix: 'msg' | 'toolu'): string {
  return `${prefix}_${randomId()}`;
}
