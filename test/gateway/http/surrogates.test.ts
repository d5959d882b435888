import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replaceLoneSurrogates } from '../../../src/gateway/http/surrogates.ts';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { KEY, startGateway } from '../running.ts';
import { workingMsOf } from '../../working-time.ts';

function replaced(text: string): string {
  const bytes = Buffer.from(text);
  replaceLoneSurrogates(bytes);
  return bytes.toString();
}

test('only halves that stand alone are replaced, and a text that is no JSON does not become one', () => {
  for (const [text, wanted] of [
    [String.raw`"\ud83d\ude00 \uD83D\uDE00"`, String.raw`"\ud83d\ude00 \uD83D\uDE00"`],
    [String.raw`"\ud83d"`, String.raw`"\ufffd"`],
    [String.raw`"\ude00\ud83d"`, String.raw`"\ufffd\ufffd"`],
    [String.raw`"\ud83d\ud83d\ude00"`, String.raw`"\ufffd\ud83d\ude00"`],
    [String.raw`"\\ud83d \\\ud83d \u00e9\ud7ff"`, String.raw`"\\ud83d \\\ufffd \u00e9\ud7ff"`],
    [String.raw`"\ud8" "\ud8zz" \ud`, String.raw`"\ud8" "\ud8zz" \ud`],
  ] as const)
    assert.equal(replaced(text), wanted, text);
});

test('any text is what toWellFormed makes of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\udfff', '😀', '\\', '"'))),
      (parts) => {
        const text = parts.join('');
        const escaped = JSON.stringify(text).replace(
          /[\ud800-\udfff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
        );
        assert.equal(JSON.parse(replaced(escaped)), text.toWellFormed());
      },
    ),
  );
});

test('a chat of 8 MiB of lone surrogates delays other requests by less than 50 ms, and reaches the server as U+FFFD', async () => {
  const times: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const bytes = Buffer.from(`{"a":"${String.raw`\ud800`.repeat((8 << 20) / 6)}"}`);
    times.push(
      await workingMsOf(() => {
        replaceLoneSurrogates(bytes);
        JSON.stringify(JSON.parse(bytes.toString()));
      }),
    );
  }
  assert.ok(Math.min(...times) < 50, times.join(' '));
  await using fake = await startFake(answersShortly('a'));
  await using gateway = await startGateway([fake]);
  const count = 30_000;
  const { status } = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: `{"model":"m","messages":[{"role":"user","content":"${String.raw`\udfff`.repeat(count)}"}]}`,
  });
  assert.equal(status, 200);
  const [asked] = fake.requests;
  assert.ok(asked?.body.includes('�'.repeat(count)));
});
