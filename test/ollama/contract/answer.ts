import assert from 'node:assert/strict';
import { ask, askJson, eventsOf, linesOf } from '../asking.ts';
import { exchange, type Case } from '../case.ts';
import { count, listOf, maybe, mismatchOf, number, text, time, type Pattern } from '../pattern.ts';

const USER = [{ role: 'user', content: 'Say something.' }];
const OPTIONS = { num_predict: 6, seed: 3, temperature: 1 };
const ENDING = {
  done: true,
  done_reason: /^(?:length|stop)$/,
  total_duration: count,
  load_duration: count,
  prompt_eval_count: count,
  prompt_eval_duration: count,
  eval_count: count,
  eval_duration: maybe(count),
};
const USAGE = { prompt_tokens: count, completion_tokens: count, total_tokens: count };
const LONG = 'word '.repeat(700);

function allMatch(values: readonly unknown[], pattern: Pattern): void {
  for (const value of values) assert.equal(mismatchOf(value, pattern), undefined);
}

const SHAPES: readonly Case[] = [
  exchange({
    name: 'a whole chat answer has its message, counts and durations',
    path: '/api/chat',
    body: { model: 'tiny', messages: USER, options: OPTIONS, stream: false },
    type: 'application/json; charset=utf-8',
    answer: { model: 'tiny', created_at: time, message: { role: 'assistant', content: text }, ...ENDING },
  }),
  exchange({
    name: 'a whole generate answer has the tokens to go on from',
    path: '/api/generate',
    body: { model: 'tiny', prompt: 'Say something.', options: OPTIONS, stream: false },
    answer: { model: 'tiny', created_at: time, response: text, ...ENDING, context: listOf(number) },
  }),
  exchange({
    name: 'a raw generate answer has none',
    path: '/api/generate',
    body: { model: 'tiny', prompt: 'Say something.', raw: true, options: OPTIONS, stream: false },
    answer: { model: 'tiny', created_at: time, response: text, ...ENDING },
  }),
  exchange({
    name: 'one token has no eval_duration, since zero is absent',
    path: '/api/chat',
    body: { model: 'tiny', messages: USER, options: { ...OPTIONS, num_predict: 1 }, stream: false },
    answer: {
      model: 'tiny',
      created_at: time,
      message: { role: 'assistant', content: text },
      ...ENDING,
      done_reason: 'length',
      eval_count: 1,
      eval_duration: maybe(() => false),
    },
  }),
  exchange({
    name: 'what follows the JSON is not read, and keys lose their case',
    path: '/api/chat',
    body: `{"MODEL":"tiny","messages":${JSON.stringify(USER)},"stream":false,"options":{"num_predict":1}} and more`,
    answer: /"done":true/,
  }),
  exchange({
    name: 'what is unknown is dropped without a word',
    path: '/v1/chat/completions',
    body: {
      model: 'tiny',
      messages: USER,
      max_tokens: 2,
      n: 3,
      tool_choice: 'none',
      user: 'me',
      keep_alive: 5,
      response_format: { type: 'wat' },
    },
    answer: /"object":"chat.completion"/,
  }),
  exchange({
    name: 'a whole /v1 chat answer has one choice and its usage',
    path: '/v1/chat/completions',
    body: { model: 'tiny', messages: USER, max_tokens: 6, seed: 3 },
    type: 'application/json',
    answer: {
      id: /^chatcmpl-\d{1,3}$/,
      object: 'chat.completion',
      created: count,
      model: 'tiny',
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: /^(?:length|stop)$/ }],
      usage: USAGE,
    },
  }),
  exchange({
    name: 'a whole /v1 completion has its text',
    path: '/v1/completions',
    body: { model: 'tiny', prompt: 'Say something.', max_tokens: 6 },
    answer: {
      id: /^cmpl-\d{1,3}$/,
      object: 'text_completion',
      created: count,
      model: 'tiny',
      system_fingerprint: 'fp_ollama',
      choices: [{ text, index: 0, finish_reason: /^(?:length|stop)$/ }],
      usage: USAGE,
    },
  }),
  exchange({
    name: 'a /v1 completion without a prompt only loads',
    path: '/v1/completions',
    body: { model: 'tiny' },
    answer:
      /"choices":\[\{"text":"","index":0,"finish_reason":"load"\}\],"usage":\{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0\}/,
  }),
  exchange({
    name: 'log probabilities come per token with their bytes',
    path: '/v1/chat/completions',
    body: { model: 'tiny', messages: USER, max_tokens: 20, seed: 3, logprobs: true, top_logprobs: 2 },
    answer:
      /"logprobs":\{"content":\[\{"token":".+?","logprob":-[\d.e-]+,"bytes":\[[\d,]+\],"top_logprobs":\[\{.+?\},\{.+?\}\]\}/,
  }),
  exchange({
    name: 'the rendered prompt can be had without an answer',
    path: '/api/chat',
    body: { model: 'tiny-plain', messages: USER, _debug_render_only: true },
    answer: {
      model: 'tiny-plain',
      created_at: time,
      message: { role: '', content: '' },
      done: false,
      _debug_info: { rendered_template: '<user>Say something.\n<assistant>' },
    },
  }),
];

const BEHAVIOURS: readonly Case[] = [
  {
    name: 'the context of an answer is read again before the next prompt',
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
    name: 'a native stream is pieces and then an empty one with the counts',
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
    name: 'whole old messages go first, those of the system and the last one stay',
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
      const { content } = native['message'] as { content: string }; // its shape is checked above
      assert.equal(mismatchOf(JSON.parse(content), { a: (value) => typeof value === 'boolean' }), undefined);
    },
  },
  {
    name: 'spellings of one name are one model, and each is echoed',
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

/** How answers look, and what they count. */
export const ANSWERS: readonly Case[] = [...SHAPES, ...BEHAVIOURS];
