import { isObject } from '../core/json.ts';
import type { RequestLimits } from './config-types.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_END_USER_LIMITS } from './sections/hxllm.ts';

/** The name of a header, as RFC 9110 allows it. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

/** Reads `hxllm.end_user_limits`. */
export function readEndUserLimits(
  given: Readonly<Record<string, unknown>> | undefined,
  findings: IssueList,
): RequestLimits | undefined {
  const values = readSection(HXLLM_END_USER_LIMITS, given, ['hxllm', 'end_user_limits'], findings);
  const limits = {
    perMinute: values.rpm_limit,
    tokensPerMinute: values.tpm_limit,
    parallel: values.max_parallel_requests,
  };
  return Object.values(limits).every((limit) => limit === undefined) ? undefined : limits;
}

/** Reads `general_settings.user_header_mappings`: the names of the headers, in lower case. */
export function readUserHeaders(given: readonly unknown[] | undefined, findings: IssueList): readonly string[] {
  return (given ?? []).flatMap((mapping, index) => {
    const name = isObject(mapping) ? mapping['header_name'] : undefined;
    if (typeof name === 'string' && HEADER_NAME.test(name)) return [name.toLowerCase()];
    findings.wrong(
      ['general_settings', 'user_header_mappings', index],
      'a mapping with header_name, the name of a header',
      mapping,
    );
    return [];
  });
}
