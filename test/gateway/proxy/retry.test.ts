import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure, ServerFailure } from '../../../src/gateway/exchange.ts';
import { fallbackKind, isRetryable, type Progress } from '../../../src/gateway/proxy/retry.ts';

const FIRST: Progress = { streaming: false, attempts: 1 };
const STREAMING: Progress = { streaming: true, attempts: 1 };

type Case = readonly [
  fault: ServerFailure['fault'],
  kind: Failure['kind'],
  progress: Progress,
  retries: number,
  retryable: boolean,
  why: string,
];

const CASES: readonly Case[] = [
  ['backend', 'upstream', FIRST, 2, true, 'the backend is down: another one may answer'],
  ['deployment', 'upstream', FIRST, 2, true, 'the model failed there: another copy may answer'],
  ['busy', 'overloaded', FIRST, 2, true, 'the backend is full: another one may have a slot'],
  ['request', 'invalid', FIRST, 2, false, 'the request is at fault: every backend refuses it'],
  ['request', 'timeout', FIRST, 2, false, 'the whole answer took too long'],
  ['deployment', 'timeout', FIRST, 2, false, 'the work may go on there: a second attempt does it twice'],
  ['backend', 'timeout', FIRST, 2, false, 'the same for a whole backend'],
  ['backend', 'upstream', STREAMING, 2, false, 'a part of the response has gone to the client'],
  ['busy', 'overloaded', STREAMING, 2, false, 'the same for a full backend'],
  ['backend', 'upstream', { streaming: false, attempts: 2 }, 2, true, 'two attempts of three'],
  ['backend', 'upstream', { streaming: false, attempts: 3 }, 2, false, 'three attempts of three'],
  ['backend', 'upstream', FIRST, 0, false, 'num_retries: 0 is one attempt'],
];

for (const [fault, kind, progress, retries, retryable, why] of CASES)
  test(`a failure of ${fault} (${kind}) ${retryable ? 'is' : 'is not'} retried: ${why}`, () => {
    assert.equal(isRetryable({ fault, kind }, progress, { retries }), retryable);
  });

test('a fallback model is tried for every failure but those that it shares, and its list depends on the failure', () => {
  const server = (fault: ServerFailure['fault'], more: Partial<ServerFailure> = {}): ServerFailure => ({
    kind: 'upstream',
    code: null,
    message: '',
    fault,
    ...more,
  });
  const own = (kind: Failure['kind'], code: string | null = null): Failure => ({ kind, code, message: '' });
  assert.deepEqual(
    [
      server('backend'),
      server('deployment'),
      server('busy'),
      server('request'),
      server('request', { code: 'context_length_exceeded' }),
      server('deployment', { kind: 'timeout' }),
      own('overloaded', 'queue_full'),
      own('limited', 'rate_limit_exceeded'),
      own('invalid'),
      own('timeout'),
    ].map(fallbackKind),
    ['failed', 'failed', 'failed', undefined, 'too-long', undefined, 'failed', 'failed', undefined, undefined],
  );
});
