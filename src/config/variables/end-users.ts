import type { EndUsers } from '../config.ts';
import { amountOf } from './key-limits.ts';
import { END_USER_KEYS } from './key-variables.ts';
import type { HostVariables, Reader } from './reader.ts';
import { judgeKeys } from './unknown-names.ts';

const LIMITS = 'litellm_end_user_limits';
const HEADERS = 'litellm_user_headers';
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

/** Reads the limits of each user behind a key, and the headers that name the user; `undefined` if neither is given. */
export function readEndUsers(variables: HostVariables, reader: Reader): EndUsers | undefined {
  const [limits, headers] = [variables.get(LIMITS), variables.get(HEADERS)];
  if (limits === undefined && headers === undefined) return undefined;
  return {
    ...(limits === undefined ? {} : { limits: readLimits(limits, reader) }),
    ...(headers === undefined ? {} : { headers: readHeaders(headers, reader) }),
  };
}

type Given = NonNullable<ReturnType<HostVariables['get']>>;

function readLimits(value: Given, reader: Reader): NonNullable<EndUsers['limits']> {
  const none = { rpm: undefined, tpm: undefined, parallel: undefined };
  if (value.kind !== 'map') {
    reader.wrong(value, 'a mapping of limits', `write ${LIMITS}: {rpm_limit: 20}`);
    return none;
  }
  const { entries } = value;
  judgeKeys(entries, Object.keys(END_USER_KEYS), reader.findings);
  return {
    rpm: amountOf(entries.get('rpm_limit'), 'requests', reader),
    tpm: amountOf(entries.get('tpm_limit'), 'tokens', reader),
    parallel: amountOf(entries.get('max_parallel_requests'), 'requests', reader),
  };
}

function readHeaders(value: Given, reader: Reader): readonly string[] {
  const items = reader.list(value, 'a list of names of headers', `write ${HEADERS}: [X-Forwarded-Email]`) ?? [];
  return items.flatMap((item) => {
    const name = reader.text(item, 'the name of a header');
    if (name === undefined || HEADER_NAME.test(name)) return name ?? [];
    reader.wrong(item, 'the name of a header, without a colon', `write ${HEADERS}: [X-Forwarded-Email]`);
    return [];
  });
}
