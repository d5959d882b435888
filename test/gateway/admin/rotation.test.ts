import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOWHERE } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';
import { startAdmin } from './stage.ts';

const stage = await startAdmin();
const { call, done, refused, changes } = stage;
const works = async (key: unknown): Promise<boolean> =>
  (await call('/v1/models', undefined, String(key))).status === 200;

test('a rotation gives another text at once; id, limits and name stay', async () => {
  const made = await done('/key/generate', { key_alias: 'rotating', rpm_limit: 50 });
  const rotated = await done(`/key/${String(made['key'])}/regenerate`, { max_parallel_requests: 3 });
  assert.notEqual(rotated['key'], made['key']);
  for (const name of ['key_id', 'key_alias', 'rpm_limit', 'created_at'])
    assert.deepEqual(rotated[name], made[name], name);
  assert.deepEqual([rotated['max_parallel_requests'], rotated['rotation_count']], [3, 1]);
  assert.deepEqual([await works(made['key']), await works(rotated['key'])], [false, true]);
});

test('with a grace period both texts work, and further changes reach both', async () => {
  const { key, key_id } = await done('/key/generate', {});
  const { key: newer } = await done('/key/regenerate', { key, grace_period: '1h' });
  assert.deepEqual([await works(key), await works(newer)], [true, true]);
  await done('/key/block', { key });
  assert.deepEqual([await works(key), await works(newer)], [false, false]);
  await done('/key/unblock', { key: key_id });
  const { key: newest } = await done('/key/regenerate', { key: newer, grace_period: '1h' });
  assert.deepEqual([await works(key), await works(newer), await works(newest)], [true, true, true]);
  assert.match(await refused('/key/generate', { key }), /^400 key: /);
  const { key: last } = await done('/key/regenerate', { key: newest });
  assert.deepEqual([await works(newest), await works(last)], [false, true]);
  await done('/key/delete', { keys: [last] });
  for (const text of [key, newer, newest, last]) assert.equal(await works(text), false);
});

test('the old text ends with its grace period, by the clock alone', async (context) => {
  const { key } = await done('/key/generate', {});
  const { key: newer } = await done('/key/regenerate', { key, grace_period: '1h' });
  const { now } = Date;
  for (const [minutes, oldWorks] of [
    [59, true],
    [61, false],
  ] as const) {
    const clock = context.mock.method(Date, 'now', () => now() + minutes * 60_000);
    assert.deepEqual([await works(key), await works(newer)], [oldWorks, true], String(minutes));
    clock.mock.restore();
  }
});

test('a rotation whose answer was lost is asked again with the same new_key, and is done once', async () => {
  const { key, key_id } = await done('/key/generate', { rpm_limit: 50 });
  const body = { key, new_key: 'sk-the-next-key-of-a-script', grace_period: '1h' };
  const first = await done('/key/regenerate', body);
  const count = changes().length;
  assert.deepEqual(await done('/key/regenerate', body), first);
  assert.deepEqual(await done('/key/regenerate', { ...body, key: key_id }), first);
  assert.equal(changes().length, count);
  // Without a grace the old text names nothing any more, and the call is known by both texts together.
  const after = { key: body.new_key, new_key: 'sk-another-key-of-a-script' };
  const second = await done('/key/regenerate', after);
  assert.deepEqual(await done('/key/regenerate', after), second);
  assert.equal(second['rotation_count'], 2);
  const { key: stranger } = await done('/key/generate', {});
  assert.match(await refused('/key/regenerate', { key: stranger, new_key: after.new_key }), /^400 key: /);
});

test('two rotations at once with one new_key are one', async () => {
  const { key } = await done('/key/generate', {});
  const body = { key, new_key: 'sk-at-once-from-two-scripts' };
  const answers = await Promise.all([1, 2, 3].map(() => done('/key/regenerate', body)));
  for (const answer of answers) assert.equal(answer['rotation_count'], 1);
});

test('changes of two instances at once are all kept, and none is refused', async () => {
  const { key } = await done('/key/generate', {});
  await using other = await startGateway([{ url: NOWHERE[0] }], { hxllm: { state_dir: stage.state } });
  const names = Array.from({ length: 30 }, (_, index) => `field_${String(index)}`);
  const answers = await Promise.all(
    names.map((name, index) => {
      const body = { key, [name]: index + 1 };
      if (index % 2 === 0) return done('/key/update', body);
      return other.ask('/key/update', { method: 'POST', body: JSON.stringify(body) });
    }),
  );
  for (const answer of answers) if (answer instanceof Response) assert.equal(answer.status, 200, await answer.text());
  const { info } = (await done(`/key/info?key=${String(key)}`)) as { info: Record<string, unknown> };
  assert.deepEqual(
    names.map((name) => info[name]),
    names.map((_, index) => index + 1),
  );
});

test('a rotation refuses what is no key, no duration and no field', async () => {
  const { key } = await done('/key/generate', {});
  assert.match(await refused('/key/regenerate', { key, new_key: 'short' }), /^400 new_key: /);
  assert.match(await refused('/key/regenerate', { key, grace_period: 'soon' }), /^422 grace_period: /);
  assert.match(await refused('/key/regenerate', { key, rpm_limit: 'x' }), /^422 rpm_limit: /);
  assert.equal(await works(key), true);
});
