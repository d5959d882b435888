import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonCost } from '../../../src/gateway/http/json-cost.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until, untilListed } from '../running.ts';

const many = (item: string, count: number): string => `[${`${item},`.repeat(count)}${item}]`;
const chatWith = (field: string): string =>
  `{"model":"m","messages":[{"role":"user","content":"hi"}],"metadata":${field}}`;

const DENSE: Readonly<Record<string, string>> = {
  objects: many('{}', 450_000),
  lists: many('[]', 450_000),
  numbers: many('1', 450_000),
  strings: many('""', 150_000),
  'the same key': many('{"a":1}', 50_000),
  'other keys': `{${Array.from({ length: 50_000 }, (_, at) => `"k${String(at)}":1`).join(',')}}`,
  depth: '['.repeat(500_000),
};

test('a body with too many values is refused before it is parsed, with and without a length', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [what, value] of Object.entries(DENSE)) {
    const whole = Buffer.from(chatWith(value));
    const pieces = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < whole.length; at += 50_000) controller.enqueue(whole.subarray(at, at + 50_000));
        controller.close();
      },
    });
    for (const body of [whole, pieces]) {
      const init = { method: 'POST', body, duplex: 'half' } as const;
      const response = await gateway.ask('/v1/chat/completions', init);
      assert.equal(response.status, 413, what);
      assert.equal((await errorOf(response)).code, 'too_many_values', what);
    }
  }
  assert.equal(fake.requests.length, 0);
});

test('signs of values inside a long text are no values', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const text = '[{"a": 1}, "\\", \\\\"] '.repeat(60_000);
  const response = await gateway.chat({ messages: [{ role: 'user', content: text }] });
  assert.equal(response.status, 200);
  assert.ok(fake.requests[0]?.body.includes(JSON.stringify(text)));
});

/** Units of a value, counted in the parsed value; a list or object has a unit for its bracket, and one less than its items for commas. */
function unitsOf(value: unknown): number {
  if (typeof value === 'string') return 2;
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value as Readonly<Record<string, unknown>>);
  const keys = Array.isArray(value) ? 0 : inner.length * 10;
  return inner.reduce<number>((sum, item) => sum + unitsOf(item), 1 + keys + Math.max(0, inner.length - 1));
}

test('the cost in the bytes is the cost of the parsed value, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ depthSize: 'large' }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 3 }),
      (value, size, space) => {
        const bytes = Buffer.from(JSON.stringify(value, null, space));
        const cost = new JsonCost();
        for (let at = 0; at < bytes.length; at += size) cost.push(bytes.subarray(at, at + size));
        assert.equal(cost.units, unitsOf(value));
      },
    ),
  );
});

test('bodies of requests that wait have a budget: beyond it a request is refused until there is room', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_bodies_mib: 1 } });
  const resume = fake.holdLoads();
  await untilListed(gateway);
  await until(
    'the memory is empty',
    () => [...gateway.service().scheduler.fleet.backends.values()][0]?.listed?.length === 0,
  );
  const large = { messages: [{ role: 'user', content: 'x'.repeat(700_000) }] };
  const leaving = new AbortController();
  const left = gateway.chat(large, { signal: leaving.signal }).catch(() => undefined);
  await until('it waits', () => gateway.service().scheduler.waiting === 1);
  const refused = await gateway.chat(large, { signal: AbortSignal.timeout(20_000) });
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '2');
  assert.equal((await errorOf(refused)).code, 'bodies_full');
  const small = gateway.chat();
  await until('a small one waits too', () => gateway.service().scheduler.waiting === 2);
  leaving.abort();
  await left;
  await until('the client has left', () => gateway.service().scheduler.waiting === 1);
  const next = gateway.chat(large);
  await until('there is room again', () => gateway.service().scheduler.waiting === 2);
  resume();
  assert.deepEqual([(await small).status, (await next).status], [200, 200]);
});

test('a request that is alone always has room, and leaves none behind', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { max_bodies_mib: 1 } });
  const large = { messages: [{ role: 'user', content: 'x'.repeat(3_000_000) }] };
  for (let round = 0; round < 3; round += 1) {
    const response = await gateway.chat(large);
    assert.equal(response.status, 200);
    await response.text();
    await until('it has ended', () => gateway.ended().length === round + 1);
  }
});
