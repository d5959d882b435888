import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../running.ts';
import { readFixture, readFixtures, type Fixture, type Kind } from './fixture.ts';
import { readAnswer } from './reading.ts';
import { ALIASES, startStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await startStage(2);
  // A model must be in memory to be listed.
  await (await stage.play(readFixture('openai/chat'))).text();
});
afterEach(() => {
  for (const { faults } of stage.sims) faults.clear();
});
after(() => stage.close());

interface ListedModel {
  readonly id?: string;
  readonly model?: string;
  readonly expires_at?: string;
}

/** The parts of each kind of response that Open WebUI needs. */
const CHECKS: Readonly<Record<Kind, (text: string, type: string, fixture: Fixture) => void>> = {
  text: (text, type, { path }) => {
    const seen = readAnswer(text, type);
    assert.match(type, path.startsWith('/api/') ? /^application\/x-ndjson/ : /^text\/event-stream/);
    assert.ok(seen.text.length > 10, text);
    assert.deepEqual([seen.finish, seen.calls, seen.thoughts, seen.error], ['stop', [], '', undefined]);
  },
  thoughts: (text, type) => {
    const seen = readAnswer(text, type);
    assert.ok(seen.thoughts.length > 10 && seen.text.length > 10, text);
    assert.equal(seen.error, undefined);
  },
  call: (text, type) => {
    const seen = readAnswer(text, type);
    assert.deepEqual(
      seen.calls.map(({ name, arguments: given }) => ({ name, given })),
      [{ name: 'get_current_timestamp', given: {} }],
    );
    assert.match(seen.calls[0]?.id ?? '', /^call_/);
  },
  usage: (text, type) => {
    // Most of the prompt is tools.
    assert.ok((readAnswer(text, type).promptTokens ?? 0) > 5000, text.slice(-300));
  },
  whole: (text, type) => {
    assert.equal(type, 'application/json');
    assert.ok(readAnswer(text, type).text.length > 10, text);
  },
  vectors: (text, _type, { body }) => {
    const response = JSON.parse(text) as {
      data?: readonly { embedding: readonly number[] }[];
      embeddings?: readonly (readonly number[])[];
    };
    const vectors = response.embeddings ?? response.data?.map(({ embedding }) => embedding);
    assert.deepEqual(
      vectors?.map(({ length }) => length),
      (body as { input: readonly string[] }).input.map(() => 768),
    );
  },
  models: (text) => {
    assert.deepEqual(new Set((JSON.parse(text) as { data: readonly ListedModel[] }).data.map(({ id }) => id)), ALIASES);
  },
  tags: (text) => {
    const { models } = JSON.parse(text) as {
      models: readonly (ListedModel & { details: { parameter_size: string }; size: number })[];
    };
    assert.deepEqual(new Set(models.map(({ model }) => model)), ALIASES);
    for (const { details, size } of models) assert.ok(/^[\d.]+[BM]$/.test(details.parameter_size) && size > 0);
  },
  loaded: (text) => {
    const { models } = JSON.parse(text) as { models: readonly ListedModel[] };
    assert.ok(models.length > 0);
    for (const { model = '', expires_at = '' } of models) {
      assert.ok(ALIASES.has(model));
      // Python 3.11 reads no more digits than this.
      assert.match(expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/);
    }
  },
  version: (text) => {
    // Open WebUI splits it at the dots and reads numbers.
    assert.match((JSON.parse(text) as { version: string }).version, /^\d+\.\d+\.\d+$/);
  },
  refusal: (text, type, { path }) => {
    assert.equal(type, 'application/json');
    const { error } = JSON.parse(text) as { error: string | { message: string } };
    // In OpenAI's dialect the message is shown, in Ollama's the whole error.
    assert.ok(
      path.startsWith('/api/')
        ? typeof error === 'string' && error !== ''
        : typeof error === 'object' && error.message !== '',
      text,
    );
  },
};

for (const connection of ['openai', 'responses', 'ollama'] as const) {
  describe(`by its ${connection} connection`, () => {
    for (const fixture of readFixtures(connection)) {
      test(`${fixture.name} gets the parts that Open WebUI needs`, async () => {
        const response = await stage.play(fixture);
        const text = await response.text();
        assert.equal(response.status, fixture.status, text);
        assert.equal(response.headers.get('x-hxllm-ignored-params'), fixture.ignored ?? null);
        CHECKS[fixture.answer](text, response.headers.get('content-type') ?? '', fixture);
      });
    }

    test('title, follow-ups and tags are answered during the chat; stopping the chat reaches the server', async () => {
      const { sims, gateway, play } = stage;
      const stall = { kind: 'stall', path: '/api/chat', after: 3, ms: 60_000 } as const;
      for (const { faults } of sims) faults.add(stall);
      const stop = new AbortController();
      const reader = (await play(readFixture(`${connection}/chat`), stop.signal)).body?.getReader();
      assert.ok(((await reader?.read())?.value?.length ?? 0) > 0);
      for (const { faults } of sims) faults.clear();
      const tasks = ['title', 'follow-ups', 'tags-of-chat'].map(async (name) => {
        const response = await play(readFixture(`${connection}/${name}`));
        return readAnswer(await response.text(), response.headers.get('content-type') ?? '').text.length > 10;
      });
      assert.deepEqual(await Promise.all(tasks), [true, true, true]);
      const busy = (): number => sims.reduce((sum, sim) => sum + sim.activity().busy, 0);
      assert.equal(busy(), 1, 'the chat still has its slot');
      stop.abort();
      await until('the slot is free', () => busy() === 0);
      await until('the log says that the client left', () => gateway.ended().at(-1)?.['ended'] === 'client-left');
    });

    // Ollama's own API cuts by default, and its clients rely on it; a response that was cut says so.
    test(`a chat whose tools exceed the context is ${connection === 'ollama' ? 'cut, and says so' : 'rejected, and nothing is cut'}`, async () => {
      const fixture = readFixture(`${connection}/chat-tool-call`);
      const response = await stage.play({ ...fixture, body: { ...fixture.body, model: 'narrow' } });
      const text = await response.text();
      if (connection === 'ollama') {
        assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, 'true'], text);
        return;
      }
      assert.equal(response.status, 400, text);
      CHECKS.refusal(text, response.headers.get('content-type') ?? '', fixture);
      assert.match(text, /exceeds the context length/);
    });

    test('a failure during a stream is shown in the response', async () => {
      for (const { faults } of stage.sims) faults.add({ kind: 'die', path: '/api/chat', after: 5 });
      const response = await stage.play(readFixture(`${connection}/chat`));
      const seen = readAnswer(await response.text(), response.headers.get('content-type') ?? '');
      assert.ok(seen.text.length > 3);
      assert.match(seen.error ?? '', /unexpected EOF/);
    });
  });
}
