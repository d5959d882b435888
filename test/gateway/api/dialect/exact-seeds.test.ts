import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withExactSeeds } from '../../../../src/gateway/api/dialect/exact-seeds.ts';
import { isObject } from '../../../../src/gateway/json.ts';
import { workingMsOf } from '../../../working-time.ts';

function exact(text: string): unknown {
  const json: unknown = JSON.parse(text);
  assert.ok(isObject(json));
  return withExactSeeds(json, text);
}

const LONG = '12345678901234567890';
const ELSEWHERE = '22222222222222222222';

test('every digit of a seed is kept, wherever its key is written', () => {
  const seed = BigInt(LONG);
  for (const [text, wanted] of [
    [`{"seed":${LONG}}`, { seed }],
    [`{ "a" : "\\"seed\\":1" ,\n"seed"\t:\r\n ${LONG} }`, { a: '"seed":1', seed }],
    [`{"s\\u0065ed":-${LONG}}`, { seed: -seed }],
    [`{"options":{"seed":${LONG}},"seed":1}`, { options: { seed }, seed: 1 }],
    [`{"extra_body":{"options":{"seed":${LONG}},"seed":2}}`, { extra_body: { options: { seed }, seed: 2 } }],
    [`{"seed":1,"seed":${LONG}}`, { seed }],
    [`{"options":{"seed":99999999999999999999},"options":{"seed":${LONG}}}`, { options: { seed } }],
    [`{"a":"\\\\","seed":${LONG},"b":"\\\\\\""}`, { a: '\\', seed, b: '\\"' }],
    [`{"a":[{"seed":${ELSEWHERE}}],"seed":${LONG}}`, { a: [{ seed: Number(ELSEWHERE) }], seed }],
    [`{"options":[{"seed":${LONG}}],"seed":${LONG}}`, { options: [{ seed: Number(LONG) }], seed }],
    [`{"seed":${LONG}.0}`, { seed: Number(LONG) }],
    [
      `{"seed":${LONG},"x":{"seed":1e30},"options":{"seed":1e30}}`,
      { seed, x: { seed: 1e30 }, options: { seed: 1e30 } },
    ],
    [`{"seed":${LONG},"":{"seed":${ELSEWHERE}}}`, { seed, '': { seed: Number(ELSEWHERE) } }],
    [
      `{"extra_body":{"options":{"seed":${LONG}}},"extra_body.options":{"seed":${ELSEWHERE}}}`,
      { extra_body: { options: { seed } }, 'extra_body.options': { seed: Number(ELSEWHERE) } },
    ],
    [`{"a.seed":1,"":{"seed":${ELSEWHERE}},"seed":${LONG}}`, { 'a.seed': 1, '': { seed: Number(ELSEWHERE) }, seed }],
  ] as const)
    assert.deepEqual(exact(text), wanted, text);
});

test('the seed of any JSON is that of its text, and nothing else of it changes', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }), (before, behind, seed) => {
      const text = `{"before":${before},"options":{"a":${before},"seed":${String(seed)}},"seed":${String(seed)},"behind":${behind}}`;
      const rounded = Number.isSafeInteger(Number(seed)) ? Number(seed) : seed;
      assert.deepEqual(exact(text), {
        before: JSON.parse(before) as unknown,
        options: { a: JSON.parse(before) as unknown, seed: rounded },
        seed: rounded,
        behind: JSON.parse(behind) as unknown,
      });
    }),
  );
});

test('a long seed beside 390,000 values delays other requests by less than 50 ms', async () => {
  for (const body of [
    `{"seed":${LONG},"a":[${'1,'.repeat(390_000)}1]}`,
    `{"a":"${String.raw`\"`.repeat(4_000_000)}","seed":${LONG}}`,
    `{"a":"${'\\\\'.repeat(4_000_000)}","seed":${LONG}}`,
    `{"a":[${'"x",'.repeat(130_000)}1],"seed":${LONG}}`,
  ]) {
    const json: unknown = JSON.parse(body);
    assert.ok(isObject(json));
    const times: number[] = [];
    // The first one is not compiled yet.
    for (let run = 0; run < 3; run += 1)
      times.push(
        await workingMsOf(() =>
          assert.equal(withExactSeeds({ ...json, seed: Number(LONG) }, body)['seed'], BigInt(LONG)),
        ),
      );
    assert.ok(Math.min(...times) < 50, times.join(' '));
  }
});
