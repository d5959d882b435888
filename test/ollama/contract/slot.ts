import assert from 'node:assert/strict';
import { read, type Reading, type Server } from '../asking.ts';
import { until, type Case } from '../case.ts';
import { ENDLESS, longWork } from './work.ts';

const SHORT = { model: 'tiny', messages: [{ role: 'user', content: 'x' }], options: { num_predict: 1 } };

async function fillSlots(server: Server, work = ENDLESS): Promise<readonly [Reading, Reading]> {
  const works = [read(server, '/api/chat', { model: 'tiny', ...work }), read(server, '/api/chat', { model: 'tiny', ...work })] as const;
  await Promise.all(works.map(({ begun }) => begun));
  return works;
}

function leaveAll(...readings: readonly Reading[]): void {
  for (const reading of readings) reading.leave();
}

/** Who works when: two slots, and a queue that never says no. */
export const SLOTS: readonly Case[] = [
  {
    name: 'two answers run at once; a third waits, without a byte, until one of them is through',
    check: async (server) => {
      const [first, second] = await fillSlots(server, longWork(1200));
      const third = read(server, '/api/chat', SHORT);
      assert.equal(await third.begun, 200);
      assert.ok(first.hasEnded() || second.hasEnded(), 'the third began while both slots were taken');
      leaveAll(first, second);
      await third.ended;
    },
  },
  {
    name: 'a client that leaves its answer frees the slot',
    check: async (server) => {
      const [first, second] = await fillSlots(server);
      const third = read(server, '/api/chat', SHORT);
      first.leave();
      await third.begun;
      assert.ok(!second.hasEnded(), 'the third had to wait for the second');
      leaveAll(second, third);
    },
  },
  {
    name: 'a client that leaves while it waits is forgotten, and the next in the queue is served',
    check: async (server) => {
      const [first, second] = await fillSlots(server);
      const impatient = read(server, '/api/chat', { model: 'tiny', ...ENDLESS });
      const patient = read(server, '/api/chat', SHORT);
      impatient.leave();
      await impatient.ended;
      first.leave();
      assert.equal(await patient.begun, 200);
      assert.ok(!second.hasEnded());
      leaveAll(second, patient);
    },
  },
  {
    name: 'the listings answer while every slot is taken',
    check: async (server) => {
      const [first, second] = await fillSlots(server);
      for (const path of ['/api/version', '/api/ps', '/api/tags']) assert.equal((await fetch(`${server.url}${path}`)).status, 200);
      assert.ok(!first.hasEnded() && !second.hasEnded());
      leaveAll(first, second);
      await until('both are gone', () => first.hasEnded() && second.hasEnded());
    },
  },
];
