import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';
import { BEFORE_TEXT, AFTER_TEXT, startUnruly } from './unruly.ts';
import { judge } from './verdict.ts';

for (const [what, misbehaviour] of [...Object.entries(BEFORE_TEXT), ...Object.entries(AFTER_TEXT)]) {
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
