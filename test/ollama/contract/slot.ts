import assert from 'node:assert/strict';
import { linesOf, read, type Reading, type Server } from '../asking.ts';
import { until, type Case } from '../case.ts';
import { unloadAll } from '../loaded.ts';
import { ENDLESS, longWork } from './work.ts';

const SHORT = { model: 'tiny', messages: [{ role: 'user', content: 'x' }], options: { num_predict: 1 } };

/**
 * Takes the slots, and waits until the first response has begun. The real runner now and then lets a request into a free slot only
 * when another response has ended (seen on busy cores, with a model whose tokens take less than a millisecond), so no case relies
 * on the start of the second one, or on a start while another is written. The case begins with a runner of its own: if a client
 * leaves a stream while two of its lines come within some microseconds, which only a tiny model does, the real server (0.22.1)
 * keeps the slot until the model is unloaded. That happens one time in twenty, as its stacks show (a handler sends its line to a
 * closed channel, and holds the semaphore of the slots).
 */
async function fillSlots(server: Server, work: object): Promise<readonly [Reading, Reading]> {
  await unloadAll(server);
  const works = [
    read(server, '/api/chat', { model: 'tiny', ...work }),
    read(server, '/api/chat', { model: 'tiny', ...work }),
  ] as const;
  await Promise.race(works.map(({ begun }) => begun));
  return works;
}

/** The order of work: two slots, and a queue without limit. */
export const SLOTS: readonly Case[] = [
  {
    name: 'a third answer waits, without a byte, until one of two has ended',
    check: async (server) => {
      const [first, second] = await fillSlots(server, longWork(1200));
      const third = read(server, '/api/chat', SHORT);
      assert.equal(await third.begun, 200);
      // The end of one answer may be read a moment after the beginning of the other. Neither would end so soon if the
      // third had begun while both slots were taken.
      await until('one of two has ended', () => first.hasEnded() || second.hasEnded(), 100);
      await Promise.all([first.ended, second.ended, third.ended]);
    },
  },
  {
    name: 'clients that leave free their slots, and a waiting client that leaves is removed',
    check: async (server) => {
      const [first, second] = await fillSlots(server, ENDLESS);
      const impatient = read(server, '/api/chat', { model: 'tiny', ...ENDLESS });
      const patient = read(server, '/api/chat', SHORT);
      for (const leaving of [impatient, first, second]) leaving.leave();
      try {
        // Each of the abandoned responses would take several seconds more.
        await until('the patient one is served', patient.hasBegun, 2500);
        await patient.ended;
      } finally {
        // A waiter that stays would delay the next case.
        patient.leave();
      }
    },
  },
  {
    name: 'the listings answer while every slot is taken',
    check: async (server) => {
      const works = await fillSlots(server, ENDLESS);
      for (const path of ['/api/version', '/api/ps', '/api/tags'])
        assert.equal((await fetch(`${server.url}${path}`)).status, 200);
      assert.ok(works.some(({ hasEnded }) => !hasEnded()));
      for (const work of works) work.leave();
    },
  },
  {
    name: 'a client that leaves during prefill keeps the slot until prefill has ended',
    check: async (server) => {
      const options = { num_ctx: 2048, num_predict: 1 };
      const reading = (word: string): object => ({
        model: 'tiny',
        messages: [{ role: 'user', content: `${word} `.repeat(2100) }],
        options,
      });
      const measure = async (word: string): Promise<number> =>
        Number(linesOf(await read(server, '/api/chat', reading(word)).ended).at(-1)?.['prompt_eval_duration']) / 1e6;
      const beforeMs = await measure('alpha');
      const other = read(server, '/api/chat', {
        model: 'tiny',
        ...ENDLESS,
        options: { num_ctx: 2048, num_predict: 10_000, seed: 1 },
      });
      await other.begun;
      const startedMs = performance.now();
      const leaving = read(server, '/api/chat', reading('gamma'));
      await new Promise((resolve) => setTimeout(resolve, beforeMs / 4));
      leaving.leave();
      const next = read(server, '/api/chat', { ...SHORT, options });
      await next.begun;
      const waitedMs = performance.now() - startedMs;
      other.leave();
      await until('the rest has ended', () => other.hasEnded() && leaving.hasEnded());
      // A busy machine reads slower for a while: the faster of two counts.
      const prefillMs = Math.min(beforeMs, await measure('delta'));
      assert.ok(
        waitedMs > prefillMs * 0.5,
        `the slot was free after ${waitedMs.toFixed(0)} of ${prefillMs.toFixed(0)} ms`,
      );
    },
  },
];
