import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '../../../src/core/problem.ts';
import type { Host } from '../../../src/core/host.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, modelOf, toolsOf } from './host.ts';
import { GOOD, LLM01, LLM02 } from './judging.ts';

/** The most round trips after authentication: an operator may be an ocean away. */
const MOST = 5;

/** Counts every call of a host that costs a round trip of its own. */
function counting(host: Host): { readonly host: Host; readonly calls: string[] } {
  const calls: string[] = [];
  const counted = new Proxy(host, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || name === 'close') return member;
      return (...words: readonly unknown[]): unknown => {
        calls.push(String(name));
        // A member of the Host port, called as it was.
        return Reflect.apply(member as (...all: readonly unknown[]) => unknown, target, words);
      };
    },
  });
  return { host: counted, calls };
}

async function callsFor(
  backends: readonly string[],
  models: number,
  only?: readonly string[],
): Promise<readonly string[]> {
  const { host, calls } = counting(createAnsweringHost('hx-api-server', GOOD));
  const settings = {
    requireDomainJoin: true,
    backends: backendsOf(...backends),
    models: Array.from({ length: models }, (_, index) => modelOf(`m${String(index)}`, 'phi3:3.8b')),
  };
  await runPreflight(
    configOf([hostOf('hx-api-server', settings)]),
    toolsOf(() => Promise.resolve(ok(host))),
    { only },
  );
  return calls;
}

test('all questions of a host take at most five calls, however many checks there are', async () => {
  const few = await callsFor([LLM01, LLM02], 1);
  const many = await callsFor(
    Array.from({ length: 16 }, (_, index) => `http://hx-llm${String(index)}-server:11434`),
    12,
  );
  assert.ok(few.length >= 1 && few.length <= MOST, few.join(' '));
  assert.ok(many.length <= MOST, many.join(' '));
  assert.equal(many.filter((name) => name === 'run').length, few.filter((name) => name === 'run').length);
});

test('a part takes no more calls than the whole', async () => {
  const part = await callsFor([LLM01], 1, ['disk']);
  assert.deepEqual(part, ['run']);
});
