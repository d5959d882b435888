import type { Target } from '../../src/core/host.ts';
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
    connectTimeoutMs: 5000,
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

/** Limits that no test reaches by chance. */
export const PATIENT = { signal: new AbortController().signal, timeoutMs: 20_000 };
