import type { TestContext } from 'node:test';
import type { CallOptions, Target } from '../../src/core/host.ts';
import type { Problem, Result } from '../../src/core/problem.ts';

/** A target with what a test does not care about filled in. */
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
    // As patient as a slow name server needs: no test reaches it by chance.
    connectTimeoutMs: 60_000,
    password: undefined,
    ...part,
  };
}

/** The value of a result that must be there. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** The first Problem of a result that must have failed. */
export function problemOf(result: Result<unknown>): Problem {
  if (result.ok) throw new Error('it should have failed');
  return result.problems[0];
}

/** Limits of a call that pass when the test says so: then what was begun has come as far as it wanted. */
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
