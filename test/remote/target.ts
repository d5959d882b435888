import type { TestContext } from 'node:test';
import type { CallOptions, Target } from '../../src/core/host.ts';
import type { Problem, Result } from '../../src/core/problem.ts';

/** A target with defaults for all fields that a test does not set. */
export function targetOf(part: Partial<Target>): Target {
  return {
    name: 'hx-test',
    address: '127.0.0.1',
    port: undefined,
    user: undefined,
    connection: 'ssh',
    identityFiles: [],
    sshArguments: [],
    hostKeyChecking: true,
    // Long enough for a slow name server: no test reaches it by chance.
    connectTimeoutMs: 60_000,
    password: undefined,
    ...part,
  };
}

/** The value of a result that must be ok. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** The first Problem of a result that must have failed. */
export function problemOf(result: Result<unknown>): Problem {
  if (result.ok) throw new Error('it should have failed');
  return result.problems[0];
}

/** Limits of a call whose timeout expires when the test calls `pass`: by then the call is as far as the test needs. */
export function limitsUntil(t: TestContext): { readonly options: CallOptions; readonly pass: () => void } {
  const time = new AbortController();
  t.mock.method(AbortSignal, 'timeout', () => time.signal);
  return {
    options: { signal: PATIENT.signal, timeoutMs: 300 },
    pass: () => {
      time.abort();
    },
  };
}

/** Limits that no test reaches by chance. */
export const PATIENT = { signal: new AbortController().signal, timeoutMs: 20_000 };
