import assert from 'node:assert/strict';
import { embedModel, type Case, type Target } from '../case.ts';
import { post } from '../wire/asking.ts';

type Json = Readonly<Record<string, unknown>>;

const LONG = 'word '.repeat(200_000);

/** The paths that cut, each with a prompt that does not fit. */
const TOO_LONG: readonly (readonly [id: string, path: string, body: (target: Target) => Json])[] = [
  [
    'chat',
    '/api/chat',
    ({ model }) => ({
      model,
      messages: [
        { role: 'user', content: LONG },
        { role: 'user', content: 'Hi' },
      ],
      options: { num_predict: 4 },
    }),
  ],
  ['generate', '/api/generate', ({ model }) => ({ model, prompt: LONG, options: { num_predict: 4 } })],
  ['embed', '/api/embed', (target) => ({ model: embedModel(target), input: ['Hi', LONG] })],
];

/** Cases of prompts that do not fit, which Ollama cuts. */
export const TRUNCATION: readonly Case[] = TOO_LONG.map(([id, path, body]) => ({
  id: `truncate-${id}`,
  checks: 'a prompt that does not fit is cut, streamed or not, unless the client sends truncate: false',
  run: async (target) => {
    const send = (more: Json): Promise<Response> => post(target, path, { ...body(target), ...more });
    for (const stream of id === 'embed' ? [false] : [false, true])
      for (const truncate of [undefined, true]) {
        const response = await send({ stream, truncate });
        const text = await response.text();
        assert.equal(response.status, 200, `status (${text.slice(0, 120)})`);
        assert.doesNotMatch(text, /"error"/);
      }
    const refused = await send({ stream: false, truncate: false });
    const text = await refused.text();
    assert.equal(refused.status, 400, `status with truncate: false (${text.slice(0, 120)})`);
    assert.match(text, /exceeds the context length/);
  },
}));
