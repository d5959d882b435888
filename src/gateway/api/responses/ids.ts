import { randomId } from '../../../core/id.ts';
/** A new id; `prefix` is the prefix of OpenAI's ids of this kind. */
export function newItemId(prefix: 'resp' | 'msg' | 'rs' | 'fc' | 'ctc'): string {
  return `${prefix}_${randomId()}`;
}
