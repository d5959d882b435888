import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { startGateway, type Running } from '../running.ts';

/** A request as a client sent it. Texts longer than 80 characters are replaced by their length; of many tools six are kept. */
interface Recorded {
  readonly client: string;
  readonly path: string;
  readonly userAgent: string;
  readonly body: {
    readonly model: string;
    readonly stream?: boolean;
    readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name: string } }[];
  };
  readonly answer: 'text' | 'call' | 'vectors';
  /** Ignored parameters that the response must name. */
  readonly ignored?: string;
}

const folder = new URL('recorded/', import.meta.url);
const recorded = await Promise.all(
  (await readdir(folder)).map(async (name) => ({
    name,
    ...(JSON.parse(await readFile(new URL(name, folder), 'utf8')) as Recorded),
  })),
);

let sim: Sim;
let gateway: Running;
before(async () => {
  sim = await startSim({
    models: [
      { name: 'phi3:3.8b', capabilities: ['completion', 'tools'], trainedContext: 32_768, numCtx: 32_768 },
      { name: 'nomic-embed-text' },
    ],
    loadMs: 10,
    tokenMs: 1,
  });
  gateway = await startGateway([], {
    model_list: [
      { model_name: 'org/phi3:3.8b', litellm_params: { model: 'ollama_chat/phi3:3.8b', api_base: sim.url } },
      { model_name: 'org/embed:v1', litellm_params: { model: 'ollama/nomic-embed-text', api_base: sim.url } },
    ],
  });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await sim.close();
});

for (const { name, client, path, userAgent, body, answer, ignored } of recorded) {
  test(`${client} gets a valid response (${name})`, async () => {
    const response = await gateway.ask(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', 'user-agent': userAgent },
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get('x-hxllm-ignored-params'), ignored ?? null);
    const pieces = piecesOf(text, response.headers.get('content-type') ?? '');
    assert.ok(
      pieces.every(({ error }) => error === undefined || error === null),
      text,
    );
    const values = leaves(pieces);
    if (answer === 'vectors')
      assert.ok(values.filter(({ key, value }) => key === 'embeddings' && typeof value === 'number').length > 100);
    if (answer === 'text')
      assert.ok(
        values.some(
          ({ key, value }) =>
            (key === 'content' || key === 'text' || key === 'response') && typeof value === 'string' && value !== '',
        ),
        text,
      );
    if (answer === 'call') {
      const offered = body.tools?.map((tool) => tool.function?.name ?? tool.name) ?? [];
      assert.ok(
        values.some(({ key, value }) => key === 'name' && typeof value === 'string' && offered.includes(value)),
        text,
      );
    }
  });
}

/** The JSON of a response: one value, or one for each event or line of a stream, which must have its end. */
function piecesOf(text: string, type: string): readonly Readonly<Record<string, unknown>>[] {
  const parse = (json: string): Readonly<Record<string, unknown>> =>
    JSON.parse(json) as Readonly<Record<string, unknown>>;
  if (type.startsWith('text/event-stream')) {
    const events = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice('data: '.length));
    assert.ok(['[DONE]', '{"type":"message_stop"}'].includes(events.pop() ?? ''), text);
    return events.map(parse);
  }
  if (!type.startsWith('application/x-ndjson')) return [parse(text)];
  const lines = text.trimEnd().split('\n').map(parse);
  assert.equal(lines.at(-1)?.['done'], true);
  return lines;
}

/** Every plain value, with the name of its field or of the list that holds it. */
function leaves(value: unknown, key = ''): readonly { readonly key: string; readonly value: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, item]) => leaves(item, name));
  return [{ key, value }];
}
