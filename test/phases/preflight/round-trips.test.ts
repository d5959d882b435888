import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject } from '../../../src/core/json.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import type { Host } from '../../../src/core/host.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, modelOf, toolsOf } from './host.ts';
import { GOOD, LLM01, LLM02 } from './judging.ts';

/** The most round trips after authentication: an operator may be an ocean away. */
const MOST = 5;

/** Round trips of one call: a conversation in TLS 1.3 opens a channel and shakes hands, and then may ask a question. */
function tripsOfCall(name: string, [first]: readonly unknown[]): number {
  if (name !== 'tls') return 1;
  return isObject(first) && first['send'] !== undefined ? 3 : 2;
}

interface Call {
  readonly name: string;
  readonly trips: number;
}

/** Calls by the round trip that they share: calls that begin before the first of them is answered wait for the network together. */
function counting(host: Host): { readonly host: Host; readonly rounds: Call[][] } {
  const rounds: Call[][] = [];
  let answered: Promise<void> | undefined;
  const begun = (call: Call): Promise<void> => {
    if (answered === undefined) {
      rounds.push([]);
      answered = new Promise((resolve) => {
        setImmediate(() => {
          answered = undefined;
          resolve();
        });
      });
    }
    rounds.at(-1)?.push(call);
    return answered;
  };
  const counted = new Proxy(host, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || name === 'close') return member;
      return async (...words: readonly unknown[]): Promise<unknown> => {
        await begun({ name: String(name), trips: tripsOfCall(String(name), words) });
        // A member of the Host port, called as it was.
        return Reflect.apply(member as (...all: readonly unknown[]) => unknown, target, words);
      };
    },
  });
  return { host: counted, rounds };
}

async function roundsFor(backends: readonly string[], models: number, only?: readonly string[]): Promise<Call[][]> {
  const { host, rounds } = counting({
    ...createAnsweringHost('hx-api-server', GOOD),
    tls: () => Promise.resolve(fail({ code: 'host.no-tls', summary: 'no certificate', detail: '', fix: '' })),
  });
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
  return rounds;
}

function tripsOf(rounds: readonly (readonly Call[])[]): number {
  return rounds.reduce((sum, calls) => sum + Math.max(...calls.map(({ trips }) => trips)), 0);
}

test('a host takes at most five round trips after authentication, however many checks there are', async () => {
  const fleet = (scheme: string): readonly string[] =>
    Array.from({ length: 16 }, (_, index) => `${scheme}://hx-llm${String(index)}-server:11434`);
  const few = await roundsFor([LLM01, LLM02], 1);
  const many = await roundsFor(fleet('http'), 12);
  const closed = await roundsFor([...fleet('http'), ...fleet('https')], 12);
  for (const rounds of [few, many, closed])
    assert.ok(rounds.length > 0 && tripsOf(rounds) <= MOST, JSON.stringify(rounds));
  assert.equal(tripsOf(many), tripsOf(few));
  assert.ok(
    closed.some((calls) => calls.filter(({ name }) => name === 'tls').length >= 16),
    'the certificates of all backends are read at once',
  );
});

test('a part takes no more than it needs', async () => {
  assert.deepEqual(await roundsFor([LLM01], 1, ['disk']), [[{ name: 'run', trips: 1 }]]);
});
