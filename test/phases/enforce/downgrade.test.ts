import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Build } from '../../../src/core/build.ts';
import { GATEWAY, makeStage, stepsOf, type Seen } from './stage.ts';

const OLD: Build = { version: '0.2.0', committedAt: '2026-11-01T10:00:00.000Z' };
const NEW: Build = { version: '0.2.0', committedAt: '2026-11-29T10:00:00.000Z' };
const codes = ({ problems }: Seen): readonly string[] => problems.map(({ code }) => code);

test('an older build of the same version is refused before anything changes, and with --allow-downgrade installed', async () => {
  await using stage = await makeStage();
  const [older, newer] = [`${GATEWAY}// old`, `${GATEWAY}// new`];
  assert.equal((await stage.enforce(newer, {}, { build: NEW })).ending, 'passed');
  for (const dryRun of [true, false]) {
    const refused = await stage.enforce(older, {}, { build: OLD, dryRun });
    assert.deepEqual([refused.ending, codes(refused), stepsOf(refused, 'done')], ['failed', ['enforce.downgrade'], []]);
    assert.match(
      refused.problems[0]?.detail ?? '',
      /not newer than 0\.2\.0 of 2026-11-01.*found 0\.2\.0 of 2026-11-29/,
    );
  }
  const allowed = await stage.enforce(older, {}, { build: OLD, allowDowngrade: true });
  assert.deepEqual([allowed.ending, stepsOf(allowed, 'done').includes('release.current')], ['passed', true]);
  // Its own build is the host's now: the newer one goes in without a word.
  assert.equal((await stage.enforce(newer, {}, { build: NEW })).ending, 'passed');
});

test('an older version is refused, and the same release of another commit is no change', async () => {
  await using stage = await makeStage();
  await stage.enforce(GATEWAY, {}, { build: NEW });
  const refused = await stage.enforce(`${GATEWAY}// x`, {}, { build: { version: '0.1.9', committedAt: '2027-01-01' } });
  assert.deepEqual(codes(refused), ['enforce.downgrade']);
  for (const build of [OLD, { ...NEW, committedAt: '2026-12-24T10:00:00.000Z' }]) {
    const same = await stage.enforce(GATEWAY, {}, { build });
    assert.deepEqual([same.ending, same.changes], ['passed', 0]);
  }
});
