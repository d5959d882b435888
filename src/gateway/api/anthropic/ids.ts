import { randomId } from '../../../core/id.ts';
/** A new id of a message or of a call, as Anthropic's have them. */
export function newMessageId(prefix: 'msg' | 'toolu'): string {
  return `${prefix}_${randomId()}`;
}
