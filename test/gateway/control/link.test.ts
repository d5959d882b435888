import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Link, SILENCE_MS, type LinkClock } from '../../../src/gateway/control/link.ts';
import { readMessage, writeMessage, type LinkMessage } from '../../../src/gateway/control/messages.ts';

/** A clock that the test moves. */
class MadeClock implements LinkClock {
  nowMs = 0;
  readonly #timers = new Set<{ atMs: number; readonly everyMs: number | undefined; readonly act: () => void }>();

  now(): number {
    return this.nowMs;
  }

  every(ms: number, act: () => void): () => void {
    return this.#add({ atMs: this.nowMs + ms, everyMs: ms, act });
  }

  after(ms: number, act: () => void): () => void {
    return this.#add({ atMs: this.nowMs + ms, everyMs: undefined, act });
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.atMs = this.nowMs + next.everyMs;
      next.act();
    }
    this.nowMs = endMs;
  }

  #add(timer: { atMs: number; readonly everyMs: number | undefined; readonly act: () => void }): () => void {
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }
}

interface Seen {
  readonly link: Link;
  readonly clock: MadeClock;
  readonly written: string[];
  readonly got: LinkMessage[];
  readonly ends: string[];
  closed: number;
}

function stage(onMessage?: (message: LinkMessage) => void): Seen {
  const clock = new MadeClock();
  const seen = { clock, written: [] as string[], got: [] as LinkMessage[], ends: [] as string[], closed: 0 };
  const link = new Link({
    clock,
    originMs: 0,
    transport: {
      write: (text) => seen.written.push(text),
      close: () => {
        seen.closed += 1;
      },
    },
    onMessage: onMessage ?? ((message) => seen.got.push(message)),
    onEnd: (why) => seen.ends.push(why),
  });
  return Object.assign(seen, { link });
}

const LEFT = '{"kind":"left","request":"7"}\n';

test('messages are whole lines, whatever pieces they come in', () => {
  const seen = stage();
  for (const sign of `${LEFT}{"kind":"beat"}\n${LEFT}`) seen.link.receive(sign);
  seen.link.receive(LEFT + LEFT + LEFT.slice(0, 5));
  seen.link.receive(LEFT.slice(5));
  assert.deepEqual(
    seen.got,
    Array.from({ length: 5 }, () => ({ kind: 'left', request: '7' })),
  );
});

test('a side beats twice a second; silence of the other side ends the link within 5 s, beats keep it', () => {
  const seen = stage();
  seen.clock.pass(2200);
  assert.equal(seen.written.filter((text) => text === '{"kind":"beat"}\n').length, 4);
  seen.link.receive('{"kind":"beat"}\n');
  for (let second = 0; second < 10; second += 1) {
    seen.clock.pass(1000);
    seen.link.receive('{"kind":"beat"}\n');
  }
  assert.deepEqual(seen.ends, []);
  seen.clock.pass(SILENCE_MS + 501);
  assert.deepEqual([seen.ends, seen.closed], [['silent'], 1]);
  seen.clock.pass(10_000);
  seen.link.receive(LEFT);
  seen.link.closed();
  assert.deepEqual([seen.ends, seen.closed, seen.got], [['silent'], 1, []], 'it ends once, and hears nothing more');
});

test('a process that was stopped reads what has come before it judges the other side', () => {
  const seen = stage();
  seen.clock.pass(400);
  seen.clock.nowMs += 10_000;
  seen.clock.pass(1);
  assert.deepEqual(seen.ends, []);
  seen.link.receive('{"kind":"beat"}\n');
  seen.clock.pass(1000);
  assert.deepEqual(seen.ends, []);
});

test('text that is no message, and a message that cannot be carried out, end the link', () => {
  for (const text of ['nonsense\n', '7\n', '{"kind":7}\n', '{}\n']) {
    const seen = stage();
    seen.link.receive(text);
    assert.deepEqual(seen.ends, ['unreadable'], text);
  }
  const failing = stage(() => {
    throw new Error('no');
  });
  failing.link.receive(LEFT + LEFT);
  assert.deepEqual(failing.ends, ['failed']);
});

test('points in time are told on the clock of the machine, durations and limits as they are', () => {
  const slotRequest = {
    queue: 'm',
    deployments: ['d'],
    tried: [],
    isRetry: false,
    sinceMs: 100,
    maxWaitMs: Infinity,
    untilMs: Infinity,
    loadedMs: 5,
  };
  const text = writeMessage({ kind: 'ask', request: '1', slotRequest }, 5000);
  assert.deepEqual(readMessage(text, 4000), {
    kind: 'ask',
    request: '1',
    slotRequest: { ...slotRequest, sinceMs: 1100 },
  });
});
