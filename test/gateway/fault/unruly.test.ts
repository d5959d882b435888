import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';
import { SILENT_MISDEEDS, SPOKEN_MISDEEDS, startUnruly } from './unruly.ts';
import { judge } from './verdict.ts';

for (const [what, misdeed] of [...Object.entries(SILENT_MISDEEDS), ...Object.entries(SPOKEN_MISDEEDS)]) {
  const spoken = what in SPOKEN_MISDEEDS;
  for (const stream of [true, false]) {
    const cut = spoken && stream;
    test(`of a server that ${what}, ${cut ? 'a stream ends with an error' : `${stream ? 'a stream' : 'an answer in one piece'} is taken over by another`}`, async () => {
      await using unruly = await startUnruly(misdeed);
      await using steady = await startFake(answersShortly('words'));
      await using gateway = await startGateway([unruly, steady]);
      for (let turn = 0; turn < 8 && unruly.asked() === 0; turn += 1) {
        const before = unruly.asked();
        const response = await gateway.chat({ stream });
        const { ending } = judge(stream, response.status, await response.text());
        assert.equal(ending, cut && unruly.asked() > before ? 'cut' : 'whole');
      }
      assert.ok(unruly.asked() > 0, 'it was asked');
      await until('no place is taken', () => gateway.service().scheduler.inFlight === 0);
    });
  }
}
