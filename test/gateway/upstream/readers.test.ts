import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChatRequest, ServerEvent } from '../../../src/gateway/exchange.ts';
import type { ResponseDecoder } from '../../../src/gateway/upstream/wire-request.ts';
import { AnswerLines } from '../../../src/gateway/upstream/ollama/answer-lines.ts';
import { ollamaEmbedDecoder } from '../../../src/gateway/upstream/ollama/embed.ts';
import { openaiChat, openaiEmbed } from '../../../src/gateway/upstream/openai/call.ts';
import { replyReader, StreamReader } from '../../../src/gateway/upstream/openai/reader.ts';
import { damage, mutated, mutation } from '../api/mutation.ts';
import { cutAnywhere, eventsOf } from '../pieces.ts';
import { PLAIN_CHAT } from './chat-request.ts';

type Create = (emit: (event: ServerEvent) => void) => ResponseDecoder;

const CALLS = [
  { id: 'call_1', function: { index: 0, name: 'wetter', arguments: { stadt: 'Köln 🌧' } } },
  { function: { name: 'g' } },
];
const CHAT = [
  { model: 'm', message: { role: 'assistant', content: '', thinking: 'hm' }, done: false },
  {
    model: 'm',
    message: { role: 'assistant', content: 'Grüß ' },
    logprobs: [{ token: 'Grüß ', logprob: -1 }],
    done: false,
  },
  { model: 'm', message: { role: 'assistant', content: '世界 STOP x' }, done: false },
  { model: 'm', message: { role: 'assistant', content: '', tool_calls: CALLS }, done: false },
  {
    model: 'm',
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 4,
  },
];
const TEXT = CHAT.map(({ message, ...line }) => ({ ...line, response: message.content }));
const CHUNKS = [
  { id: 'x', choices: [{ index: 0, delta: { role: 'assistant', content: 'Grüß 🌧' }, finish_reason: null }] },
  {
    id: 'x',
    choices: [
      {
        index: 0,
        delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      },
    ],
  },
  { id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
];
// As clients of other dialects ask.
const ASKED: ChatRequest = {
  ...PLAIN_CHAT,
  stop: ['STOP', ' x'],
  namesStop: true,
  maxTokens: 9,
  thinkingName: '',
  logprobs: 0,
};
const TOLD = [
  { id: 'x', choices: [{ index: 0, delta: { reasoning_content: 'hm' }, finish_reason: null }] },
  {
    id: 'x',
    choices: [
      {
        index: 0,
        delta: { content: 'Grüß 🌧' },
        logprobs: { content: [{ token: 'Grüß 🌧', logprob: -1 }] },
        finish_reason: null,
      },
    ],
  },
  {
    id: 'x',
    choices: [
      {
        index: 0,
        delta: {
          tool_calls: [
            { index: 0, id: 'c', function: { name: 'f', arguments: '{"ä"' } },
            { index: 1, function: { name: 'g', arguments: '' } },
          ],
        },
      },
    ],
  },
  {
    id: 'x',
    choices: [
      { index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }, finish_reason: 'tool_calls' },
    ],
  },
  { id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
];
const WHOLE = {
  id: 'x',
  choices: [
    {
      message: { content: 'Grüß STOP', reasoning: 'hm', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2 },
};
const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
const events = (texts: readonly string[]): string =>
  `: hi\n\n${texts.map((text) => `data: ${text}\r\n\r\n`).join('')}data: [DONE]\n\n`;
const one = (texts: readonly string[]): string => texts.join('');

const READERS: Readonly<
  Record<
    string,
    { readonly create: Create; readonly said: readonly object[]; readonly frame: (texts: readonly string[]) => string }
  >
> = {
  "Ollama's chat": {
    create: (emit) =>
      new AnswerLines(emit, {
        within: 'message',
        text: 'content',
        stop: ['STOP', ' x'],
        maxTokens: 9,
        parallelCalls: true,
      }),
    said: CHAT,
    frame: lines,
  },
  "Ollama's text": {
    create: (emit) =>
      new AnswerLines(emit, {
        within: undefined,
        text: 'response',
        stop: [],
        maxTokens: undefined,
        parallelCalls: true,
      }),
    said: TEXT,
    frame: lines,
  },
  "Ollama's embeddings": {
    create: (emit) => ollamaEmbedDecoder(emit, 2),
    said: [
      {
        embeddings: [
          [0.1, 2],
          [3, 4e-5],
        ],
        prompt_eval_count: 3,
      },
    ],
    frame: one,
  },
  "an OpenAI server's stream": { create: (emit) => new StreamReader(emit), said: CHUNKS, frame: events },
  "an OpenAI server's answer": {
    create: (emit) => replyReader(emit, 'choices'),
    said: [{ ...CHUNKS[0], usage: CHUNKS[2]?.usage }],
    frame: one,
  },
  "an OpenAI server's stream, told to others": {
    create: (emit) => openaiChat(ASKED, 'm').read(emit),
    said: TOLD,
    frame: events,
  },
  "an OpenAI server's answer, told to others": {
    create: (emit) => openaiChat({ ...ASKED, stream: false }, 'm').read(emit),
    said: [WHOLE],
    frame: one,
  },
  "an OpenAI server's embeddings": {
    create: (emit) =>
      openaiEmbed(
        { model: 'm', input: ['a', 'b'], dimensions: undefined, base64: false, original: undefined },
        'm',
      ).read(emit),
    said: [
      {
        data: [
          { index: 1, embedding: 'AACAPwAAAAA=' },
          { index: 0, embedding: [1, 0.5] },
        ],
        usage: { prompt_tokens: 2 },
      },
    ],
    frame: one,
  },
};

/** The events, without the ids that the gateway gave to calls without one. */
function read(create: Create, pieces: readonly Uint8Array[]): readonly ServerEvent[] {
  return eventsOf(create, pieces).map((event) =>
    event.kind === 'tool-call'
      ? { ...event, call: { ...event.call, id: event.call.id.replace(/^call_[0-9a-f]{32}$/, 'call') } }
      : event,
  );
}

for (const [what, { create, said, frame }] of Object.entries(READERS)) {
  const whole = frame(said.map((line) => JSON.stringify(line)));
  const changed = fc
    .tuple(...said.map((line) => fc.array(mutation, { maxLength: 1 }).map((mutations) => mutated(line, mutations))))
    .map(frame);
  const bytes = fc.oneof(
    fc.constant(Buffer.from(whole)),
    changed.map((text) => Buffer.from(text)),
    fc.tuple(changed, damage).map(([text, hurt]) => hurt(text)),
  );

  test(`${what}, cut anywhere, changed or damaged, is one and the same answer, with one end, and nothing is thrown`, () => {
    const cut = bytes.chain((all) => fc.tuple(fc.constant(all), cutAnywhere(all)));
    fc.assert(
      fc.property(cut, ([all, pieces]) => {
        const seen = read(create, pieces);
        assert.deepEqual(seen, read(create, [all]));
        assert.deepEqual(
          seen.map(({ kind }) => kind === 'end' || kind === 'failure'),
          seen.map((_, index) => index === seen.length - 1),
        );
      }),
      { numRuns: 1500 },
    );
  });

  test(`${what}, byte by byte, is what it is at once`, () => {
    const all = Buffer.from(whole);
    assert.deepEqual(
      read(
        create,
        Array.from(all, (byte) => Buffer.of(byte)),
      ),
      read(create, [all]),
    );
    assert.equal(read(create, [all]).at(-1)?.kind, 'end');
  });
}
