import type { DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

/** RFC 9110 5.5: visible characters, spaces and tabs; Node sends Latin-1. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
// A header arrives without control characters, and without the spaces around its value.
// oxlint-disable-next-line no-control-regex -- keys with control characters are looked for
const NO_HEADER = /[\0-\x08\x0a-\x1f\x7f]|^\s|\s$/;
const FIX = 'set the key again, without the line break at its end: KEY="$(cat FILE)"';

/** Refuses a key for a server that no request could carry. */
export function refuseUnsendable(apiKey: string | undefined, path: DocumentPath, findings: IssueList): void {
  if (apiKey !== undefined && !HEADER_VALUE.test(apiKey))
    findings.error(
      'config.api-key-unsuitable',
      path,
      'expected a key that an HTTP header can hold, found a line break, a control character or a character beyond Latin-1',
      FIX,
    );
}

/** Refuses a key of the gateway's own with which every client would be turned away. */
export function refuseUnmatchable(key: string | undefined, path: DocumentPath, findings: IssueList): void {
  if (key !== undefined && NO_HEADER.test(key))
    findings.error(
      'config.api-key-unsuitable',
      path,
      'expected a key that an HTTP header can hold, found a line break or a control character, or a space at an end',
      FIX,
    );
}
