import { exchange, type Case } from '../case.ts';
import { count, listOf, maybe, number, text, time } from '../pattern.ts';

import { ENDING, OPTIONS, USAGE, USER } from './asked.ts';
import { BEHAVIOURS } from './behaviour.ts';

const SHAPES: readonly Case[] = [
  exchange({
    name: 'a whole chat answer has its message, counts and durations',
    path: '/api/chat',
    body: { model: 'tiny', messages: USER, options: OPTIONS, stream: false },
    type: 'application/json; charset=utf-8',
    answer: { model: 'tiny', created_at: time, message: { role: 'assistant', content: text }, ...ENDING },
  }),
  exchange({
    name: 'a whole generate answer has a context',
    path: '/api/generate',
    body: { model: 'tiny', prompt: 'Say something.', options: OPTIONS, stream: false },
    answer: { model: 'tiny', created_at: time, response: text, ...ENDING, context: listOf(number) },
  }),
  exchange({
    name: 'a raw generate answer has no context',
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
    name: 'text behind the JSON is not read, and keys are matched without case',
    path: '/api/chat',
    body: `{"MODEL":"tiny","messages":${JSON.stringify(USER)},"stream":false,"options":{"num_predict":1}} and more`,
    answer: /"done":true/,
  }),
  exchange({
    name: 'unknown fields are ignored silently',
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
    name: '_debug_render_only returns the rendered prompt without an answer',
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

/** The shape of responses, and their counts. */
export const ANSWERS: readonly Case[] = [...SHAPES, ...BEHAVIOURS];
