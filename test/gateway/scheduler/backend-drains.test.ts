import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '../../../src/core/problem.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { BackendDrains } from '../../../src/gateway/scheduler/backend-drains.ts';

const backend = (url: string): { readonly url: string; readonly managed: boolean; readonly slots: undefined } => ({
  url,
  managed: true,
  slots: undefined,
});

function drainsOf(urls: readonly string[], known: ReadonlyMap<string, string> = new Map()) {
  const written: (readonly string[])[] = [];
  let changes = 0;
  const drains = new BackendDrains({
    fleet: createFleet({ backends: urls.map(backend), deployments: [] }),
    read: () => known,
    write: (drained) => {
      written.push([...drained.keys()]);
      return Promise.resolve(ok(undefined));
    },
    onChange: () => {
      changes += 1;
    },
  });
  return { drains, written, changes: () => changes };
}

test('a backend is found by its URL as people write it, and an unknown one names the nearest', async () => {
  const { drains, written, changes } = drainsOf(['http://llm01:11434', 'https://llm02/ollama']);
  for (const text of ['http://llm01:11434/', 'HTTP://LLM01:11434', 'llm01:11434', 'https://llm02:443/ollama/'])
    assert.equal((await drains.set(text, true, 'now')).ok, true, text);
  assert.deepEqual(written.at(-1), ['http://llm01:11434', 'https://llm02/ollama']);
  assert.equal(changes(), 2, 'a drain that holds already changes nothing');
  for (const text of ['https://llm01:11434', 'http://llm01', 'https://llm02', 'http://llm0l:11434', '']) {
    const refused = await drains.set(text, true, 'now');
    assert.ok(!refused.ok && refused.problems[0].code === 'backend.unknown', text);
  }
  const near = await drains.set('http://llm0l:11434', true, 'now');
  assert.ok(!near.ok && near.problems[0].fix.includes('http://llm01:11434'));
});

test('a drained backend that the configuration has lost can be taken back', async () => {
  const { drains } = drainsOf(['http://llm01:11434'], new Map([['http://gone:11434', 'then']]));
  assert.deepEqual(
    drains.list().map(({ url, drained }) => [url, drained]),
    [
      ['http://llm01:11434', false],
      ['http://gone:11434', true],
    ],
  );
  assert.equal((await drains.set('http://gone:11434', false, 'now')).ok, true);
  assert.deepEqual(drains.list().length, 1);
});
