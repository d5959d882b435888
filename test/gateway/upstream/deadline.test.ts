import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Deadline, QUIET_MS } from '../../../src/gateway/upstream/deadline.ts';

interface VirtualTimer {
  dueMs: number;
  readonly refresh: () => void;
}

/** Time that only `tick` moves. The timers of node:test do nothing on `refresh`. */
class VirtualTime {
  readonly #timers = new Map<VirtualTimer, () => void>();
  #nowMs = 0;
  made = 0;

  constructor(t: TestContext) {
    t.mock.method(globalThis, 'setTimeout', (act: () => void, delayMs: number): VirtualTimer => {
      this.made += 1;
      const timer: VirtualTimer = {
        dueMs: this.#nowMs + delayMs,
        refresh: () => {
          timer.dueMs = this.#nowMs + delayMs;
          this.#timers.set(timer, act);
        },
      };
      this.#timers.set(timer, act);
      return timer;
    });
    t.mock.method(globalThis, 'clearTimeout', (timer: VirtualTimer) => this.#timers.delete(timer));
  }

  tick(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].toSorted(([a], [b]) => a.dueMs - b.dueMs);
      if (next === undefined || next[0].dueMs > endMs) break;
      this.#nowMs = next[0].dueMs;
      this.#timers.delete(next[0]);
      next[1]();
    }
    this.#nowMs = endMs;
  }
}

function watched(limits: { readonly firstByteMs: number; readonly idleMs: number; readonly wholeMs?: number }): {
  readonly deadline: Deadline;
  readonly events: string[];
} {
  const events: string[] = [];
  const deadline = new Deadline(
    { wholeMs: 0, ...limits },
    {
      onLate: (phase, limitMs) => events.push(`${phase} ${String(limitMs)}`),
      onQuiet: () => {
        events.push('quiet');
        return () => events.push('calm');
      },
    },
  );
  return { deadline, events };
}

test('a silence is noticed, then the limit of its phase holds, before the first piece and after it', (t) => {
  const time = new VirtualTime(t);
  const first = watched({ firstByteMs: 60_000, idleMs: 30_000 });
  time.tick(QUIET_MS);
  assert.deepEqual(first.events, ['quiet']);
  time.tick(60_000 - QUIET_MS - 1);
  assert.deepEqual(first.events, ['quiet']);
  time.tick(1);
  assert.deepEqual(first.events, ['quiet', 'calm', 'first-byte 60000']);
  const later = watched({ firstByteMs: 60_000, idleMs: 30_000 });
  time.tick(10_000);
  later.deadline.piece();
  time.tick(QUIET_MS - 1);
  later.deadline.piece();
  assert.deepEqual(later.events, []);
  time.tick(QUIET_MS);
  assert.deepEqual(later.events, ['quiet']);
  later.deadline.piece();
  assert.deepEqual(later.events, ['quiet', 'calm']);
  time.tick(30_000);
  assert.deepEqual(later.events, ['quiet', 'calm', 'quiet', 'calm', 'idle 30000']);
});

test('short limits hold without a silence, on either side of a long one', (t) => {
  const time = new VirtualTime(t);
  for (const [firstByteMs, idleMs, right] of [
    [5000, 60_000, 'quiet calm idle 60000'],
    [60_000, 5000, 'idle 5000'],
    [0, 5000, 'idle 5000'],
    [5000, 0, 'quiet'],
  ] as const) {
    const { deadline, events } = watched({ firstByteMs, idleMs });
    time.tick(4999);
    deadline.piece();
    time.tick(60_000);
    assert.equal(events.join(' '), right);
    deadline.stop();
  }
});

test('one timer serves for the first byte and for the pieces', (t) => {
  const time = new VirtualTime(t);
  const { deadline } = watched({ firstByteMs: 0, idleMs: 60_000 });
  for (let piece = 0; piece < 100; piece += 1) deadline.piece();
  deadline.stop();
  assert.equal(time.made, 1);
});
