import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { applyPlan, type Applied } from '../../src/apply/apply.ts';
import { takeLock, type LockToken, type Lock } from '../../src/apply/lock.ts';
import type { Result } from '../../src/core/problem.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { until } from '../until.ts';

const host = createLocalHost('here', process.env);

interface Bench {
  readonly root: string;
  readonly take: (silenceS?: number) => Promise<Result<Lock>>;
  /** Runs one command as a switch. */
  readonly change: (lockToken: LockToken, script: string) => Promise<Applied>;
}

function makeBench(context: TestContext): Bench {
  const root = mkdtempSync(join(tmpdir(), 'hxllm lock '));
  // A lock that is still held when a test fails would keep the test file running for hours.
  const stop = new AbortController();
  const { signal } = stop;
  context.after(() => {
    stop.abort();
    rmSync(root, { recursive: true });
  });
  return {
    root,
    take: (silenceS) =>
      takeLock(host, 'none', { file: join(root, 'lock'), token: crypto.randomUUID() }, signal, silenceS),
    change: (lockToken, script) => {
      const step = {
        id: 'a.step',
        title: 't',
        detail: '',
        stage: 'switch',
        verb: 'change',
        actions: [{ kind: 'command', argv: ['sh', '-c', script] }],
      } as const;
      const plan = {
        steps: [step],
        recover: { before: [], after: [] },
        hasPrevious: false,
        keepFolder: join(root, '.previous'),
      };
      return applyPlan(plan, host, {
        become: 'none',
        recorder: { event: () => undefined, file: () => undefined },
        signal,
        nowMs: () => Date.now(),
        nonce: crypto.randomUUID(),
        lockToken,
      });
    },
  };
}

function must(result: Result<Lock>): Lock {
  assert.ok(result.ok);
  return result.value;
}

test('only one run holds the lock, and it is free again after the release', async (context) => {
  const { root, take } = makeBench(context);
  const first = must(await take());
  const second = await take();
  assert.equal(second.ok ? undefined : second.problems[0].code, 'enforce.locked');
  assert.match(second.ok ? '' : second.problems[0].detail, /held since \d{4}-.*releases the lock by itself/s);
  await first.release();
  await must(await take()).release();
  assert.ok(!existsSync(join(root, 'lock')) && !existsSync(join(root, 'lock.work')));
});

test('a host that hears nothing releases the lock, and a late script changes nothing', async (context) => {
  const { root, take, change } = makeBench(context);
  // Long enough for the second command of takeLock to see that the first one has the lock.
  const silent = must(await take(3));
  await until('the host releases the lock', () => !existsSync(join(root, 'lock')), 30_000);
  const next = must(await take());
  const late = await change(silent.token, `touch '${root}/late'`);
  assert.deepEqual(
    [late.problems.map((problem) => problem.code), existsSync(join(root, 'late'))],
    [['enforce.lock-lost'], false],
  );
  assert.deepEqual((await change(next.token, `touch '${root}/next'`)).problems, []);
  await Promise.all([silent.release(), next.release()]);
});

test('a started switch keeps the lock to its end, although its run has gone', async (context) => {
  const { root, take, change } = makeBench(context);
  const lock = must(await take());
  const changing = change(
    lock.token,
    `touch '${root}/begun'; while [ -d '${root}' ] && [ ! -e '${root}/go' ]; do sleep 0.05; done; touch '${root}/done'`,
  );
  await until('the switch has begun', () => existsSync(join(root, 'begun')), 30_000);
  const released = lock.release();
  const second = await take();
  assert.equal(second.ok ? undefined : second.problems[0].code, 'enforce.locked');
  writeFileSync(join(root, 'go'), '');
  await released;
  assert.ok(existsSync(join(root, 'done')));
  assert.deepEqual((await changing).problems, []);
});
