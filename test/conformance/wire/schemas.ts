import assert from 'node:assert/strict';
import { notApplicable, type Case, type Target } from '../case.ts';
import { askIn, CHAT_APIS, names, type ChatApi } from './apis.ts';

type Json = Readonly<Record<string, unknown>>;

const SHARE = {
  type: 'object',
  properties: { share: { type: 'number', minimum: 0, maximum: 1 } },
  required: ['share'],
  additionalProperties: false,
};

/** Valid JSON Schema that Go's types do not hold. */
const SCHEMAS: readonly (readonly [name: string, schema: Json])[] = [
  ['a boolean as a property', { type: 'object', properties: { x: true, y: false }, required: ['x'] }],
  ['booleans in anyOf and items', { type: 'object', properties: { x: { anyOf: [true] }, y: { items: true } } }],
  [
    'a reference to the root',
    {
      type: 'object',
      properties: { v: { type: 'string', enum: ['a'] }, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['v', 'next'],
      additionalProperties: false,
    },
  ],
  [
    'escaped pointers',
    {
      type: 'object',
      properties: { x: { $ref: '#/$defs/a~1b' }, y: { $ref: '#/$defs/c%20d' } },
      required: ['x', 'y'],
      $defs: { 'a/b': { type: 'boolean' }, 'c d': { type: 'boolean' } },
    },
  ],
];

const QUESTION = [{ text: 'Call f, or answer.' }];

async function answerOf(response: Response, what: string): Promise<Json> {
  const text = await response.text();
  assert.equal(response.status, 200, `status of ${what} (${text.slice(0, 160)})`);
  return JSON.parse(text) as Json; // judged by the case
}

function isShare(value: unknown): boolean {
  const share = typeof value === 'object' && value !== null && 'share' in value ? value.share : undefined;
  return typeof share === 'number' && share >= 0 && share <= 1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function judgeBoth(api: ChatApi, target: Target): Promise<void> {
  const tools = api.tools([
    { name: 'f', schema: { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] } },
  ]);
  const format = {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
    additionalProperties: false,
  };
  const response = await askIn(api, target, api.asks(QUESTION, 200), tools, api.format(format));
  if (names(response, 'tools')) return;
  const answer = await answerOf(response, 'tools beside a response format');
  const calls = api.callsIn(answer);
  const said = parsed(api.textIn(answer));
  const isAnswer = typeof said === 'object' && said !== null && 'ok' in said && typeof said.ok === 'boolean';
  assert.ok(calls.length > 0 || isAnswer, `expected a call or {"ok": …}, found ${api.textIn(answer).slice(0, 80)}`);
}

/** Cases of schemas, over one API. */
export function schemaCases(name: ChatApi['api']): readonly Case[] {
  return CHAT_APIS.filter(({ api }) => api === name).flatMap((api) => [
    {
      id: `${name}-tools-and-format`,
      checks: 'with tools and a response format, the model calls a tool or answers in that format',
      run: (target) => judgeBoth(api, target),
    },
    {
      id: `${name}-keywords`,
      checks: 'an answer holds to every keyword of its schema, or a header names the keyword',
      run: async (target) => {
        const response = await askIn(api, target, api.asks(QUESTION, 200), api.format(SHARE));
        if (names(response, 'minimum') && names(response, 'maximum')) return;
        const text = api.textIn(await answerOf(response, 'minimum and maximum'));
        assert.ok(isShare(parsed(text)), `expected a share from 0 to 1, or both named; found ${text.slice(0, 80)}`);
      },
    },
    {
      id: `${name}-schema-forms`,
      checks:
        'schemas with booleans, a reference to the root, and escaped pointers are valid, for tools and for answers',
      run: async (target) => {
        for (const [what, schema] of SCHEMAS) {
          await answerOf(
            await askIn(api, target, api.asks(QUESTION, 8), api.tools([{ name: 'f', schema }])),
            `${what}, tool`,
          );
          await answerOf(await askIn(api, target, api.asks(QUESTION, 8), api.format(schema)), `${what}, answer`);
        }
      },
    },
    {
      id: `${name}-forced-schema-forms`,
      checks: 'a forced call has arguments of such a schema',
      run: async (target) => {
        if (api.forced === undefined) notApplicable('the API has no way to force a call');
        const [, schema = {}] = SCHEMAS[2] ?? [];
        const tools = api.tools([{ name: 'f', schema }]);
        const [made] = api.callsIn(
          await answerOf(await askIn(api, target, api.asks(QUESTION, 400), tools, api.forced), 'a forced call'),
        );
        assert.equal(made?.name, 'f', 'the called tool');
        assert.partialDeepStrictEqual(made?.given, { v: 'a' });
      },
    },
  ]);
}
