import assert from 'node:assert/strict';
import { ask, askJson, eventsOf, linesOf } from '../asking.ts';
import { type Case } from '../case.ts';
import { count, mismatchOf, text, time } from '../pattern.ts';

import { ENDING, LONG, OPTIONS, USAGE, USER, allMatch } from './asked.ts';

export const BEHAVIOURS: readonly Case[] = [
  {
    name: 'the context of an answer is put in front of the next prompt',
    check: async (server) => {
      const say = (more: object): Promise<Record<string, unknown>> =>
        askJson(server, '/api/generate', {
          model: 'tiny',
          prompt: 'Say something.',
          options: OPTIONS,
          stream: false,
          ...more,
        });
      const first = await say({});
      const next = await say({ context: first['context'] });
      assert.ok(Array.isArray(first['context']));
      assert.ok(
        Number(next['prompt_eval_count']) >= first['context'].length + 3,
        `${String(next['prompt_eval_count'])} tokens after ${String(first['context'].length)}`,
      );
    },
  },
  {
    name: 'a native stream is chunks and then an empty one with the counts',
    check: async (server) => {
      const answer = await ask(server, 'POST', '/api/chat', { model: 'tiny', messages: USER, options: OPTIONS });
      assert.equal(answer.headers['content-type'], 'application/x-ndjson');
      const lines = linesOf(answer.text);
      allMatch(lines.slice(0, -1), {
        model: 'tiny',
        created_at: time,
        message: { role: 'assistant', content: text },
        done: false,
      });
      assert.equal(
        mismatchOf(lines.at(-1), {
          model: 'tiny',
          created_at: time,
          message: { role: 'assistant', content: '' },
          ...ENDING,
        }),
        undefined,
      );
    },
  },
  {
    name: 'a /v1 stream names the role in every delta, ends with a reason and [DONE], and has usage only if asked',
    check: async (server) => {
      for (const usage of [false, true]) {
        const answer = await ask(server, 'POST', '/v1/chat/completions', {
          model: 'tiny',
          messages: USER,
          max_tokens: 6,
          seed: 3,
          stream: true,
          stream_options: { include_usage: usage },
        });
        assert.equal(answer.headers['content-type'], 'text/event-stream');
        const { events, done } = eventsOf(answer.text);
        assert.ok(done);
        const head = {
          id: /^chatcmpl-\d{1,3}$/,
          object: 'chat.completion.chunk',
          created: count,
          model: 'tiny',
          system_fingerprint: 'fp_ollama',
        };
        const said = usage ? events.slice(0, -1) : events;
        allMatch(said.slice(0, -1), {
          ...head,
          choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }],
        });
        assert.equal(
          mismatchOf(said.at(-1), {
            ...head,
            choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: /^(?:length|stop)$/ }],
          }),
          undefined,
        );
        if (usage) assert.equal(mismatchOf(events.at(-1), { ...head, choices: [], usage: USAGE }), undefined);
        assert.equal(new Set(events.map((event) => event['id'])).size, 1);
      }
    },
  },
  {
    name: 'a /v1 completion stream with usage has zeros in every chunk before the last',
    check: async (server) => {
      const answer = await ask(server, 'POST', '/v1/completions', {
        model: 'tiny',
        prompt: 'x',
        max_tokens: 6,
        seed: 3,
        stream: true,
        stream_options: { include_usage: true },
      });
      const { events, done } = eventsOf(answer.text);
      assert.ok(done);
      const head = {
        id: /^cmpl-\d{1,3}$/,
        object: 'text_completion',
        created: count,
        model: 'tiny',
        system_fingerprint: 'fp_ollama',
      };
      allMatch(events.slice(0, -1), {
        ...head,
        choices: [
          { text, index: 0, finish_reason: (reason) => reason === null || reason === 'length' || reason === 'stop' },
        ],
        usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      });
      assert.equal(mismatchOf(events.at(-1), { ...head, choices: [], usage: USAGE }), undefined);
    },
  },
  {
    name: 'the same seed and prompt give the same text, another prompt counts more tokens',
    check: async (server) => {
      const say = async (content: string): Promise<Record<string, unknown>> =>
        askJson(server, '/api/chat', {
          model: 'tiny',
          messages: [{ role: 'user', content }],
          options: { ...OPTIONS, num_predict: 20 },
          stream: false,
        });
      const [first, again, longer] = [
        await say('Say something.'),
        await say('Say something.'),
        await say('Say something, and then say some more of it.'),
      ];
      assert.deepEqual(first['message'], again['message']);
      assert.equal(
        first['prompt_eval_count'],
        again['prompt_eval_count'],
        'the whole prompt counts, even one that is known already',
      );
      assert.ok(Number(longer['prompt_eval_count']) > Number(first['prompt_eval_count']));
    },
  },
  {
    name: 'a last message that is too long is cut to the context, with 200',
    check: async (server) => {
      const native = await askJson(server, '/api/chat', {
        model: 'tiny-plain',
        messages: [{ role: 'user', content: LONG }],
        options: OPTIONS,
        stream: false,
      });
      assert.equal(native['prompt_eval_count'], 512);
      const openai = await askJson(server, '/v1/chat/completions', {
        model: 'tiny-plain',
        messages: [{ role: 'user', content: LONG }],
        max_tokens: 2,
      });
      assert.match(JSON.stringify(openai['usage']), /"prompt_tokens":512/);
    },
  },
  {
    name: 'the oldest messages are dropped first; system messages and the last one stay',
    check: async (server) => {
      const messages = [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: LONG },
        { role: 'assistant', content: 'Yes.' },
        ...USER,
      ];
      const rendered = await askJson(server, '/api/chat', { model: 'tiny-plain', messages, _debug_render_only: true });
      assert.match(
        JSON.stringify(rendered['_debug_info']),
        /"rendered_template":"<system>Be brief\.\\n<assistant>Yes\.\\n<user>Say something\.\\n<assistant>"/,
      );
    },
  },
  {
    name: 'an empty stop sequence ends after one token without text',
    check: async (server) => {
      const answer = await askJson(server, '/v1/chat/completions', {
        model: 'tiny',
        messages: USER,
        stop: '',
        max_tokens: 9,
      });
      assert.match(JSON.stringify(answer), /"content":""},"finish_reason":"stop"/);
      assert.match(JSON.stringify(answer['usage']), /"completion_tokens":1,/);
    },
  },
  {
    name: 'a format forces JSON that fits its schema',
    check: async (server) => {
      const format = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] };
      const native = await askJson(server, '/api/chat', {
        model: 'tiny',
        messages: USER,
        options: { seed: 1, num_predict: 300 },
        format,
        stream: false,
      });
      const { content } = native['message'] as { content: string }; // its form is checked above
      assert.equal(mismatchOf(JSON.parse(content), { a: (value) => typeof value === 'boolean' }), undefined);
    },
  },
  {
    name: 'spellings of one name are one model, and the answer has the spelling of the request',
    check: async (server) => {
      for (const model of [
        'TINY',
        'tiny:latest',
        ' tiny ',
        'library/tiny',
        'registry.ollama.ai/library/tiny:latest',
        'tiny:local',
      ]) {
        const answer = await askJson(server, '/api/chat', {
          model,
          messages: USER,
          options: { num_predict: 1 },
          stream: false,
        });
        assert.equal(answer['model'], model);
        assert.equal(answer['done'], true);
      }
    },
  },
];
