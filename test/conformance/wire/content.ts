import assert from 'node:assert/strict';
import { notApplicable, type Case, type Target } from '../case.ts';
import { askIn, MIXED_CONTENT, type ChatApi, type Part } from './apis.ts';
import { PIXEL } from './asking.ts';

const [BEFORE, AFTER, IMAGE] = [{ text: 'Before:' }, { text: 'After:' }, { image: PIXEL }] as const;

async function answerTo(api: ChatApi, target: Target, parts: readonly Part[]): Promise<string> {
  const response = await askIn(api, target, api.asks(parts, 32));
  const text = await response.text();
  if (response.status === 400) notApplicable('the model cannot see, and the server says so');
  assert.equal(response.status, 200, `status (${text.slice(0, 100)})`);
  return api.textIn(JSON.parse(text) as Readonly<Record<string, unknown>>);
}

/** Cases of the content of messages, over one API. */
export function contentCases(name: ChatApi['api']): readonly Case[] {
  return MIXED_CONTENT.filter(({ api }) => api === name).flatMap((api) => [
    {
      id: `${name}-order`,
      checks: 'the order of texts and images is part of the question: another order has another answer',
      run: async (target) => {
        const orders = [
          [BEFORE, IMAGE, AFTER],
          [IMAGE, BEFORE, AFTER],
          [BEFORE, AFTER, IMAGE],
        ];
        const answers = new Set<string>();
        for (const order of orders) answers.add(await answerTo(api, target, order));
        assert.equal(await answerTo(api, target, orders[0] ?? []), [...answers][0], 'the answer to the same question');
        // A model with little to say may answer two orders alike, but a server that loses the order answers all of them alike.
        if (answers.size === 1) notApplicable('the model answers every order alike');
      },
    },
    {
      id: `${name}-image-tags`,
      checks: 'the words [img] and [img-0] in a text are text',
      run: async (target) => {
        for (const text of ['A README: ![img](a.png) [img-0] [img-7]', '[img-3]']) {
          const response = await askIn(api, target, api.asks([{ text }], 8));
          assert.equal(response.status, 200, `status (${(await response.text()).slice(0, 100)})`);
        }
      },
    },
    {
      id: `${name}-image-address`,
      checks: 'an image at an address is fetched by the server, or refused with 400 by its field',
      run: async (target) => {
        const parts = [BEFORE, { address: 'https://example.org/no-such-image.png' }];
        const response = await askIn(api, target, api.asks(parts, 8));
        const text = await response.text();
        if (response.status === 200) return;
        assert.equal(response.status, 400, `status (${text.slice(0, 100)})`);
        assert.match(text, /image|content|source/, 'the field');
      },
    },
  ]);
}
