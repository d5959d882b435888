import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_SMOKE_LIMITS } from '../../../src/core/smoke-limits.ts';
import { failsPhase } from '../../../src/core/verdict.ts';
import { readBody } from '../../../src/phases/smoke/body-reader.ts';
import { readEventStream } from '../../../src/phases/smoke/event-stream.ts';
import { startFake, streamOf, type Answer, type Pace, type Seen } from './fake-server.ts';
import { smokeAt, type Smoked } from './smoking.ts';

const SERVER = 'http://127.0.0.1:1';

async function withPace(pace: Pace, limits = DEFAULT_SMOKE_LIMITS): Promise<Smoked> {
  const only = ({ body }: Seen): Pace | undefined => (body['max_tokens'] === 64 ? pace : undefined);
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [], pace: only });
  return await smokeAt(server.url, { limits });
}

function failures({ report }: Smoked): readonly string[] {
  return report.results.filter(failsPhase).map(({ id }) => id);
}

/** `/health` of one server with so many slots in use. */
const health = (taken: number): object => ({ backends: [{ backend: SERVER, slots: { phi3: { taken, known: 4 } } }] });

test('a stream that a proxy holds back fails, and one that arrives as it is written passes', async () => {
  const held = await withPace({ everyMs: 20, held: true });
  assert.deepEqual(failures(held), ['stream.unbuffered']);
  assert.match(held.result('stream.unbuffered').seen, /^they come together: 50 pieces in \d arrivals? within/);
  assert.match(held.result('stream.unbuffered').fix ?? '', /^proxy_buffering off;/);
  const written = await withPace({ everyMs: 20 });
  assert.deepEqual(failures(written), []);
  assert.equal(written.result('stream.unbuffered').outcome, 'pass');
  assert.equal(written.result('stream.unbuffered').measured?.unit, 'ms');
});

/** The longer streams of a server that writes a token in a millisecond: its first stream is over too soon to show anything. */
const lengthy = (seen: Seen, answer: Answer): Answer =>
  seen.body['stream'] === true && Number(seen.body['max_tokens']) > 64 && Number(seen.body['max_tokens']) !== 1024
    ? { ...answer, body: streamOf(seen.body['model'], 'one '.repeat(Number(seen.body['max_tokens']))) }
    : answer;

test('a proxy that holds streams back is seen in front of a very fast server, too', async () => {
  for (const [held, outcome] of [
    [{ held: true }, 'fail'],
    [{}, 'pass'],
  ] as const) {
    await using server = await startFake({
      models: ['phi3-3.8b'],
      backends: [],
      bend: lengthy,
      pace: ({ body }) => (body['max_tokens'] === 1024 ? undefined : { everyMs: 1, ...held }),
    });
    const smoked = await smokeAt(server.url);
    assert.equal(smoked.result('stream.unbuffered').outcome, outcome, smoked.result('stream.unbuffered').seen);
    assert.deepEqual(failures(smoked), outcome === 'fail' ? ['stream.unbuffered'] : []);
  }
});

test('a proxy that lets streams go block by block is seen', async () => {
  const blocks = await withPace({ everyMs: 20, together: 20 });
  assert.deepEqual(failures(blocks), ['stream.unbuffered']);
  assert.match(blocks.result('stream.unbuffered').seen, /50 pieces in [234] arrivals/);
});

test('a stream that begins late or pauses fails by its number', async () => {
  const late = await withPace({ everyMs: 20 }, { ...DEFAULT_SMOKE_LIMITS, ttftP95Ms: 5 });
  assert.ok(failures(late).includes('stream.first-token'));
  assert.match(
    late.result('stream.first-token').wanted ?? '',
    /^at most 5 ms for phi3-3\.8b \(litellm_smoke_ttft_p95_ms\)$/,
  );
  const paused = await withPace({ everyMs: 0, pauseMs: 300 }, { ...DEFAULT_SMOKE_LIMITS, gapMs: 200 });
  assert.ok(failures(paused).includes('stream.gaps'));
  assert.ok((paused.result('stream.gaps').measured?.value ?? 0) >= 290);
});

test('a stream that is left frees its slot, or fails with the number that is still in use', async () => {
  const rows = [
    [(open: number) => health(open), 'pass', /: free after \d+ ms$/],
    [(open: number, opened: number) => health(opened > 1 ? 1 : open), 'fail', /^1 in use/],
    [(_: number, opened: number) => (opened > 1 ? {} : health(0)), 'not-applicable', /^\/health no longer shows/],
    [() => health(1), 'not-applicable', /^other requests were at work \(1\)$/],
  ] as const;
  for (const [state, outcome, seen] of rows) {
    let nowMs = 0;
    await using server = await startFake({
      models: ['phi3-3.8b'],
      backends: [SERVER],
      pace: ({ body }) => (body['max_tokens'] === 1024 ? { everyMs: 5 } : undefined),
      health: state,
    });
    const { result } = await smokeAt(server.url, {}, undefined, () => (nowMs += 50) + 0);
    assert.equal(result('stream.abort-frees-slot').outcome, outcome);
    assert.match(result('stream.abort-frees-slot').seen, seen);
  }
});

test('each chunk of a stream has the time of its own block, however the packets are cut', async () => {
  const block = fc.constantFrom('data: {"a":1}\n\n', ': hello\r\n\r\n', '\n\n', 'data: {"b":"é"}\r\n\r\n');
  await fc.assert(
    fc.asyncProperty(
      fc.array(block),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (blocks, cuts) => {
        const bytes = new TextEncoder().encode(blocks.join(''));
        const packets: Uint8Array[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const end = start + (cuts[turn % cuts.length] ?? 1);
          packets.push(bytes.subarray(start, end));
          start = end;
        }
        let tick = 0;
        const { text, blocksMs } = await readBody(from(packets), () => (tick += 1));
        const { chunks, blocks: numbers } = readEventStream(text);
        assert.equal(text, blocks.join(''));
        assert.ok(chunks.length === numbers.length && numbers.every((number) => blocksMs[number] !== undefined));
      },
    ),
    { numRuns: 200 },
  );
});

async function* from(packets: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const packet of packets) yield await Promise.resolve(packet);
}
