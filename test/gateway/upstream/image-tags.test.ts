import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutImageTags } from '../../../src/gateway/upstream/image-tags.ts';
import { workingMsOf } from '../../working-time.ts';
import { untaggedRequestFor } from '../../../src/gateway/upstream/wire-request-for.ts';
import { startGateway } from '../running.ts';
import { PLAIN_CHAT } from './chat-request.ts';

function spaced(text: string): string {
  const message = { role: 'user', thinking: undefined, toolCalls: [], answers: undefined } as const;
  const params = { ...PLAIN_CHAT, messages: [{ ...message, parts: [{ images: [], text }] }] };
  const { kind, params: written } = withoutImageTags({ kind: 'chat', params });
  assert.equal(kind, 'chat');
  return ('messages' in written ? written.messages[0]?.parts[0]?.text : undefined) ?? '';
}

test('a space goes into every tag of an image and nowhere else, in short texts and in long ones', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom('[img-', '[img-1]', '[img-23]', '1]', '[', 'img', '-', ']', '😀', 'é', '\ud800'),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(pieces, fc.boolean(), (parts, isLong) => {
      const text = parts.join('') + (isLong ? 'y'.repeat(70_000) : '') + parts.join('');
      assert.equal(spaced(text), text.replace(/\[img-(?=\d+\])/g, '[img -'));
    }),
  );
});

test('a million tags delay other requests by less than 50 ms', async () => {
  const text = '[img-1]'.repeat(1_000_000);
  const times: number[] = [];
  // The first one is not compiled yet.
  for (let run = 0; run < 5; run += 1)
    times.push(await workingMsOf(() => void Buffer.from(JSON.stringify(spaced(text)))));
  assert.ok(Math.min(...times) < 50, times.join(' '));
});

test('a request with tags in its texts is written once, and with tags elsewhere again without them', async () => {
  await using gateway = await startGateway([{ url: 'http://127.0.0.1:1' }]);
  const [deployment] = gateway.service().models.get('m')?.deployments ?? [];
  assert.ok(deployment !== undefined);
  const written = (text: string, thinking?: string): { readonly times: number; readonly body: string } => {
    let times = 0;
    const sampling = {
      get seed() {
        times += 1;
        return 1;
      },
    };
    const message = { role: 'assistant', thinking, toolCalls: [], answers: undefined } as const;
    const params = { ...PLAIN_CHAT, sampling, messages: [{ ...message, parts: [{ images: [], text }] }] };
    const { body } = untaggedRequestFor({ kind: 'chat', params }, deployment);
    return { times, body };
  };
  const once = written('none').times;
  const inText = written('[img-1]');
  const inThought = written('none', '[img-1]');
  assert.ok(inText.body.includes('[img -1]') && inThought.body.includes('[img -1]'));
  assert.deepEqual([inText.times, inThought.times], [once, 2 * once]);
});
