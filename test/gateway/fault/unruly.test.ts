import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { inOrder, startGateway, until } from '../running.ts';
import { AFTER_TEXT, BROKEN_AFTER_TEXT, BROKEN_BEFORE_TEXT, startUnruly, WITHOUT_TEXT } from './unruly.ts';
import { judge } from './verdict.ts';

for (const [what, misbehaviour] of [...Object.entries(WITHOUT_TEXT), ...Object.entries(AFTER_TEXT)]) {
  const afterText = what in AFTER_TEXT;
  for (const stream of [true, false]) {
    const cut = afterText && stream;
    test(`a server that ${what}: ${cut ? 'the stream ends with an error' : `another server answers ${stream ? 'the stream' : 'the request'}`}`, async () => {
      await using unruly = await startUnruly(misbehaviour);
      await using steady = await startFake(answersShortly('words'));
      await using gateway = await startGateway([unruly, steady]);
      for (let turn = 0; turn < 8 && unruly.asked() === 0; turn += 1) {
        const before = unruly.asked();
        const response = await gateway.chat({ stream });
        const { ending } = judge(stream, response.status, await response.text());
        assert.equal(ending, cut && unruly.asked() > before ? 'cut' : 'whole');
      }
      assert.ok(unruly.asked() > 0, 'it was asked');
      await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
    });
  }
}

for (const [what, misbehaviour] of [...Object.entries(BROKEN_BEFORE_TEXT), ...Object.entries(BROKEN_AFTER_TEXT)]) {
  const afterText = what in BROKEN_AFTER_TEXT;
  for (const stream of [true, false]) {
    const cut = afterText && stream;
    test(`a server that ${what}: ${cut ? 'the stream ends with an error' : 'the request fails'}, is sent nowhere else, and the server stays up`, async () => {
      await using unruly = await startUnruly(misbehaviour);
      await using steady = await startFake(answersShortly('words'));
      await using gateway = await startGateway([], inOrder(unruly, steady));
      const response = await gateway.chat({ stream });
      const { ending, code } = judge(stream, response.status, await response.text());
      assert.deepEqual([ending, code], [cut ? 'cut' : 'refused', 'backend_unreachable']);
      if (!cut) assert.equal(response.status, 502);
      // The connection of the load was reused: where it broke before the first byte, the request was sent once more.
      assert.ok(unruly.asked() <= 2, `it was asked ${String(unruly.asked())} times`);
      assert.equal(steady.requests.length, 0);
      await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
      await until('the probe has ended', () =>
        [...gateway.service().scheduler.fleet.replicas.values()].every(({ pausedUntilMs }) =>
          Number.isFinite(pausedUntilMs),
        ),
      );
      assert.deepEqual(
        gateway.log.filter(({ event }) => event === 'backend-down'),
        [],
      );
    });
  }
}
