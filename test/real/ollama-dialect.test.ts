import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KEY, startGateway, type Running } from '../gateway/running.ts';
import { OPTIONS, MESSAGES, type Row, ANSWERED, REFUSED } from './ollama-rows.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 30_000 };
/** Names and types, in any order; of a list those of its first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, item]) => [name, shapeOf(item)]),
  );
}

interface Seen {
  readonly status: number;
  readonly type: string;
  /** The shapes of the lines, each once, and the texts of all of them. */
  readonly shapes: readonly unknown[];
  readonly said: readonly unknown[];
}

async function ask(url: string, [, path, body]: Row): Promise<Seen> {
  const sent =
    body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(url + path, { ...sent, headers: { authorization: `Bearer ${KEY}` } });
  const type = (response.headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line): unknown => (type === 'text/plain' ? line : JSON.parse(line)));
  const shapes = [...new Set(lines.map((line) => JSON.stringify(shapeOf(line))))].map(
    (line) => JSON.parse(line) as unknown,
  );
  return { status: response.status, type, shapes, said: lines.map(saidIn) };
}

function saidIn(line: unknown): unknown {
  const {
    message,
    response,
    embeddings,
    embedding,
    done_reason: reason,
    eval_count: count,
  } = (typeof line === 'object' ? line : {}) as Record<string, unknown>;
  return [message, response, embeddings, embedding, reason, count];
}

describe('Ollama and the gateway in front of it', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      gateway = await startGateway([], {
        model_list: [{ model_name: 'tiny', litellm_params: { model: 'ollama_chat/tiny', api_base: server.url } }],
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  for (const row of ANSWERED) {
    test(`give the same answer in the same form: ${row[0]}`, LIMITS, async () => {
      assert.deepEqual(await ask(gateway.url, row), await ask(server.url, row));
    });
  }

  for (const row of REFUSED) {
    test(`refuse in the same form: ${row[0]}`, LIMITS, async () => {
      const { status, shapes } = await ask(server.url, row);
      const own = await ask(gateway.url, row);
      assert.deepEqual([own.status, own.shapes], [status, shapes]);
    });
  }

  test('continue from an earlier context, and Ollama never gets tokens that no server sent', LIMITS, async () => {
    const body = { model: 'tiny', prompt: 'Hello', stream: false, options: OPTIONS };
    const generate = async (more: object): Promise<Response> =>
      gateway.ask('/api/generate', { method: 'POST', body: JSON.stringify({ ...body, ...more }) });
    const first = (await (await generate({})).json()) as { context: readonly number[]; prompt_eval_count: number };
    const second = (await (await generate({ context: first.context })).json()) as typeof first;
    assert.ok(second.prompt_eval_count > first.prompt_eval_count);
    assert.equal((await generate({ context: [99_999] })).status, 400);
    assert.equal((await generate({})).status, 200);
  });

  test('no accepted option kills the runner with its other answers', LIMITS, async () => {
    const chat = async (options: object): Promise<number> =>
      (
        await gateway.ask('/api/chat', {
          method: 'POST',
          body: JSON.stringify({
            model: 'tiny',
            messages: MESSAGES,
            stream: false,
            options: { num_predict: 4, ...options },
          }),
        })
      ).status;
    for (const name of [
      'temperature',
      'top_p',
      'min_p',
      'typical_p',
      'presence_penalty',
      'frequency_penalty',
      'repeat_penalty',
      'top_k',
      'num_keep',
      'repeat_last_n',
      'seed',
    ]) {
      for (const value of [
        -1e39, -1e38, -1e9, -1_000_000, -1000, -1, -1e-40, 0, 1e-40, 1e-6, 0.01, 1000, 1_000_000, 1e9, 1e38, 1e39,
      ]) {
        const status = await chat({ [name]: value });
        assert.ok(status === 200 || status === 400, `${name} ${String(value)}: ${String(status)}`);
      }
    }
    assert.equal(await chat({ temperature: 1e-40 }), 200);
    assert.equal(await chat({ repeat_penalty: 0 }), 400);
  });

  test('no schema without a grammar kills the server', LIMITS, async () => {
    const odd = [
      '^(?:a|b)$',
      '^\\d+$',
      '^(?=x)a$',
      '^*$',
      '^]$',
      '^\\bfoo$',
      '^a{2,1}$',
      '^[z-a]$',
      '^[a--b]$',
      '^[-]$',
      '^[^^]$',
      '^a{0}$',
      '^a{0,0}$',
      '^[a-z]{2,5}$',
      '^$',
    ].map((pattern) => ({ type: 'string', pattern }));
    const formats = [
      ...odd,
      { type: 'integer', minimum: 5, maximum: 1 },
      { type: 'string', minLength: 5, maxLength: 2 },
      { type: 'string', maxLength: -5 },
      { $ref: '#' },
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
      { anyOf: [] },
      { anyOf: [{ $ref: '#/anyOf/0' }, { type: 'string' }] },
      ...['anyOf', 'oneOf'].map((word) => ({
        type: 'array',
        items: { $ref: '#/$defs/a' },
        $defs: { a: { [word]: [{ type: 'string' }, { $ref: '#/$defs/a' }] } },
      })),
      ...[2000, 2001, 10_000, 1_000_000].flatMap((many) => [
        ...['minLength', 'maxLength'].map((name) => ({ type: 'string', [name]: many })),
        ...['minItems', 'maxItems'].map((name) => ({
          type: 'array',
          items: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } } },
          [name]: many,
        })),
        { type: 'string', pattern: `^a{${String(many)}}$` },
      ]),
    ];
    for (const format of formats) {
      const { status } = await gateway.ask('/api/chat', {
        method: 'POST',
        body: JSON.stringify({ model: 'tiny', messages: MESSAGES, stream: false, format, options: OPTIONS }),
      });
      // A reference that leads to itself means any value, and is named.
      assert.equal(status, 200, JSON.stringify(format));
    }
  });
});
