import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { answersShortly, DONE, piece, stalls, startFake } from '../fake-upstream.ts';
import { inOrder, startGateway, textOf, untilTurned } from '../running.ts';

// The real timer, before it is mocked.
const { setTimeout: setRealTimeout } = globalThis;

/** Lets time pass in steps, so that callbacks can run in between. */
async function pass(t: TestContext, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    t.mock.timers.tick(1000);
    // Over loopback and back.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setRealTimeout(resolve, 5));
  }
}

test(
  'a server that freezes with a request on an open connection is given up within a minute, and another answers',
  { timeout: 30_000 },
  async (t) => {
    await using frozen = await startFake(stalls());
    await using other = await startFake(answersShortly('other'));
    await using gateway = await startGateway([], inOrder(frozen, other));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answer = gateway.chat();
    await untilTurned('it is asked', () => frozen.requests.length === 1);
    frozen.freeze();
    await pass(t, 60_000);
    assert.equal(other.requests.length, 1);
    assert.equal(await textOf(await answer), 'other');
    await frozen.requests[0]?.left;
    assert.ok(gateway.log.some(({ event, backend }) => event === 'backend-down' && backend === frozen.url));
    t.mock.timers.reset();
  },
);

test(
  'a server that freezes in the middle of an answer is given up within a minute, and the stream ends as broken',
  { timeout: 30_000 },
  async (t) => {
    let goOn = (): void => undefined;
    await using frozen = await startFake((_got, outgoing) => {
      outgoing.write(piece('a'));
      goOn = () => void outgoing.write(piece('b'));
    });
    await using gateway = await startGateway([frozen]);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answer = await gateway.chat({ stream: true });
    await untilTurned('it is asked', () => frozen.requests.length === 1);
    // A slow server goes on.
    await pass(t, 40_000);
    goOn();
    await pass(t, 10_000);
    frozen.freeze();
    await pass(t, 60_000);
    const text = await answer.text();
    assert.match(text, /"content":"a".*"content":"b".*backend_unreachable/s);
    assert.doesNotMatch(text, /\[DONE\]/);
    await frozen.requests[0]?.left;
    t.mock.timers.reset();
  },
);

test(
  'a server that freezes in a load is given up within a minute, and another answers',
  { timeout: 30_000 },
  async (t) => {
    await using frozen = await startFake(answersShortly('frozen'));
    await using other = await startFake(answersShortly('other'));
    frozen.freeze();
    await using gateway = await startGateway([], inOrder(frozen, other));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const answer = gateway.chat();
    await untilTurned('it waits', () => gateway.service().scheduler.waiting === 1);
    await pass(t, 60_000);
    assert.equal(other.requests.length, 1);
    assert.equal(await textOf(await answer), 'other');
    t.mock.timers.reset();
  },
);

test('a server that lives is waited for, however long the prompt takes to read', { timeout: 30_000 }, async (t) => {
  let letGo = (): void => undefined;
  await using busy = await startFake((_got, outgoing) => {
    letGo = () => void outgoing.end(piece('at last') + DONE);
  });
  await using other = await startFake(answersShortly('other'));
  await using gateway = await startGateway([], inOrder(busy, other));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answer = gateway.chat();
  await untilTurned('it is asked', () => busy.requests.length === 1);
  await pass(t, 30_000);
  // The server pauses.
  busy.freeze();
  await pass(t, 5000);
  busy.thaw();
  await pass(t, 120_000);
  letGo();
  assert.equal(await textOf(await answer), 'at last');
  assert.equal(other.requests.length, 0);
  t.mock.timers.reset();
});
