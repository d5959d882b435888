import type { RequestControl } from '../client-dialect.ts';
import type { RequestContext } from '../request-context.ts';
import type { Work } from '../route/work.ts';

/** The caller of a request, for fair shares, and whether the request yields to people. */
export type WorkCaller = Pick<Work, 'key' | 'user' | 'batch'>;

/** Longest name of a caller that is kept, characters. */
const MOST_LENGTH = 128;

/** The caller of a request: its key, and within it the name in `x-hxllm-caller`, else the body's `user`. */
export function callerOf(
  { incoming: { headers }, record }: Pick<RequestContext, 'incoming' | 'record'>,
  control: RequestControl | undefined,
): WorkCaller {
  const named = headers['x-hxllm-caller'];
  const user = typeof named === 'string' && named !== '' ? named : control?.user;
  return {
    key: record.caller ?? '',
    user: user?.slice(0, MOST_LENGTH),
    batch: headers['x-hxllm-class'] === 'batch' || control?.batch === true,
  };
}
