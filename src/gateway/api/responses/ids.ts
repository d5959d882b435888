import { randomId } from '../../../core/id.ts';
/** An id of the gateway's own; `prefix` as OpenAI's ids of this kind have it. */
export function newItemId(prefix: 'resp' | 'msg' | 'rs' | 'fc' | 'ctc'): string {
  return `${prefix}_${randomId()}`;
}
