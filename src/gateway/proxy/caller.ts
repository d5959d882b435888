import type { RequestControl } from '../client-dialect.ts';
import type { RequestContext } from '../request-context.ts';
import type { Work } from '../route/work.ts';

/** The caller of a request, for fair shares, and whether the request yields to people. */
export type WorkCaller = Pick<Work, 'key' | 'user' | 'batch'>;

/** Longest name of a caller that is kept, characters. */
const MOST_LENGTH = 128;

/** The headers in which Open WebUI names the person. Its `X-OpenWebUI-User-Name` is no name of one person alone. */
const OPEN_WEBUI_HEADERS = ['x-openwebui-user-id', 'x-openwebui-user-email'];

/** The caller of a request: its key, and within it the user who asks, as the record has them. */
export function callerOf(
  context: Pick<RequestContext, 'incoming' | 'record'>,
  control: RequestControl | undefined,
): WorkCaller {
  return {
    key: context.record.caller ?? '',
    user: context.record.user,
    batch: context.incoming.headers['x-hxllm-class'] === 'batch' || control?.batch === true,
  };
}

/**
 * The user who asks with a key: for fair shares, for limits and in the log. It is the one of the mapped headers and of Open WebUI's, if the key
 * trusts them, else the one in `x-hxllm-caller`, else the body's `user`. A header that the program behind the key sets goes first, since
 * its people write the body.
 */
export function userOf(
  { incoming: { headers }, service, key }: Pick<RequestContext, 'incoming' | 'service' | 'key'>,
  control: RequestControl | undefined,
): string | undefined {
  if (key?.trustsUserHeaders === true)
    for (const names of [service.config.userHeaders ?? [], OPEN_WEBUI_HEADERS])
      for (const name of names) {
        const value = headers[name];
        if (typeof value === 'string' && value !== '') return value.slice(0, MOST_LENGTH);
      }
  const named = headers['x-hxllm-caller'];
  const user = typeof named === 'string' && named !== '' ? named : control?.user;
  return user === undefined || user === '' ? undefined : user.slice(0, MOST_LENGTH);
}
