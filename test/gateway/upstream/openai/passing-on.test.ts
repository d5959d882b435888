import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { readChat, readCompletion } from '../../../../src/gateway/api/openai/parsed-request.ts';
import { replyReader, StreamReader } from '../../../../src/gateway/upstream/openai/reader.ts';
import { eventsOf } from '../../pieces.ts';
import { parseEvents } from '../../sse.ts';
import { mutated, mutation } from '../../api/mutation.ts';

const CHAT = {
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'theirs',
  system_fingerprint: 'fp',
  choices: [
    {
      index: 0,
      delta: {
        role: 'assistant',
        content: 'Grüß',
        reasoning: 'hm',
        tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};
const TEXT = {
  id: 'x',
  object: 'text_completion',
  created: 1,
  model: 'theirs',
  choices: [{ index: 0, text: 'a', logprobs: { tokens: ['a'] }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};

const mutations = fc.array(mutation, { maxLength: 3 });

for (const [what, said, read, asked] of [
  ['chat', CHAT, readChat, { messages: [{ role: 'user', content: 'hi' }] }],
  ['completion', TEXT, readCompletion, { prompt: 'a' }],
] as const) {
  test(`for every response of an OpenAI server to a ${what}, the client gets a whole answer to its own request, or the server has failed`, () => {
    const order = (stream: boolean): ReturnType<typeof read> =>
      read(
        Buffer.from(
          JSON.stringify({
            model: 'mine',
            stream,
            ...(stream ? { stream_options: { include_usage: true } } : {}),
            ...asked,
          }),
        ),
        0,
      );
    const seen = { whole: 0, failed: 0 };
    fc.assert(
      fc.property(fc.boolean(), fc.array(mutations, { minLength: 1, maxLength: 3 }), (stream, changes) => {
        const texts = changes.map((change) => mutated(said, change));
        const bytes = Buffer.from(
          stream ? `${texts.map((text) => `data: ${text}\n\n`).join('')}data: [DONE]\n\n` : (texts[0] ?? ''),
        );
        const events: readonly ServerEvent[] = eventsOf(
          (emit) => (stream ? new StreamReader(emit) : replyReader(emit, 'choices')),
          [bytes],
        );
        const made = order(stream);
        assert.ok(made.ok);
        const writer = made.value.subrequests[0]?.encoder();
        const text = events.map((event) => writer?.encode(event) ?? '').join('');
        const last = events.at(-1);
        if (last?.kind !== 'end') {
          seen.failed += 1;
          parseEvents(text);
          return;
        }
        seen.whole += 1;
        const rest = made.value.close([last.usage]);
        const answers = (stream ? parseEvents(text + rest).slice(0, -1) : [JSON.parse(rest)]) as {
          model: string;
          id: string;
          choices: { index: number; finish_reason: unknown }[];
        }[];
        assert.ok(
          answers.every(
            ({ model, id, choices }) => model === 'mine' && /^(?:chatcmpl|cmpl)-/.test(id) && Array.isArray(choices),
          ),
        );
        assert.ok(answers.flatMap(({ choices }) => choices).every(({ index }) => index === 0));
      }),
      { numRuns: 2000 },
    );
    assert.ok(seen.whole > 200 && seen.failed > 50, JSON.stringify(seen));
  });
}
