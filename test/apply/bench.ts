import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { applyPlan, type Applied } from '../../src/apply/apply.ts';
import { holdHost, type HeldHost, type HoldRequest } from '../../src/apply/held-host.ts';
import type { Host } from '../../src/core/host.ts';
import { randomId } from '../../src/core/id.ts';
import type { Problem, Result } from '../../src/core/problem.ts';
import type { PhaseEvent } from '../../src/core/recorder.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';

/** This machine, not held. */
export const local = createLocalHost('here', process.env);
const NEVER = new AbortController().signal;
/** The limits of a call that should end by itself. */
export const LIMITS = { signal: NEVER, timeoutMs: 60_000 };

/** A place for locks, and plans of shell commands. */
export interface Bench {
  readonly root: string;
  readonly folder: string;
  readonly events: PhaseEvent[];
  readonly take: (over?: Partial<HoldRequest>, host?: Host) => Promise<Result<HeldHost>>;
  readonly apply: (
    host: Host,
    stage: 'prepare' | 'switch',
    scripts: readonly string[],
    signal?: AbortSignal,
  ) => Promise<Applied>;
}

/** Makes a bench; every lock is released when the test ends. */
export function makeBench(context: TestContext): Bench {
  const root = mkdtempSync(join(tmpdir(), 'hxllm lock '));
  const folder = join(root, 'lock folder');
  // A lock that is still held when a test fails would keep the test file running for hours.
  const stop = new AbortController();
  const held: HeldHost[] = [];
  context.after(async () => {
    stop.abort();
    await Promise.all(held.map((one) => one.release()));
    rmSync(root, { recursive: true });
  });
  const events: PhaseEvent[] = [];
  return {
    root,
    folder,
    events,
    take: async (over = {}, host = local) => {
      const taken = await holdHost(
        host,
        {
          become: 'none',
          token: randomId(),
          by: 'ada@workstation',
          command: 'hxllm enforce',
          name: 'lock',
          folder,
          noShell: ({ stdout }): Problem => ({ code: 'host.no-shell', summary: '', detail: stdout, fix: '' }),
          ...over,
        },
        stop.signal,
      );
      if (taken.ok) held.push(taken.value);
      return taken;
    },
    apply: (host, stage, scripts, signal = NEVER) =>
      applyPlan(
        {
          command: 'hxllm enforce',
          steps: scripts.map((script, index) => ({
            id: `step.${String(index)}`,
            title: 't',
            detail: '',
            stage,
            verb: 'change',
            actions: [{ kind: 'command', argv: ['sh', '-c', script] }],
          })),
          recover: { before: [], after: [] },
          hasPrevious: false,
          keepFolder: join(root, '.previous'),
        },
        host,
        {
          recorder: { event: (event) => events.push(event), file: () => undefined },
          signal,
          nowMs: () => Date.now(),
          nonce: randomId(),
          record: { file: join(root, '.hxllm-record'), id: 'b'.repeat(32) },
        },
      ),
  };
}

/** The held host; throws if the lock was refused. */
export function must(result: Result<HeldHost>): HeldHost {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** The code of the Problem; `undefined` if the host is held. */
export function codeOf(result: Result<HeldHost>): string | undefined {
  return result.ok ? undefined : result.problems[0].code;
}

/** The folders of pipes with this token. */
export function pipesOf(token: string): readonly string[] {
  return ['/dev/shm', '/tmp'].flatMap((place) => readdirSync(place).filter((name) => name.includes(token)));
}
