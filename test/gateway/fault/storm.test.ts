import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { piece, startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';
import { FaultyServer } from './machine.ts';
import { seeded, type Random } from './seed.ts';
import { judge } from './verdict.ts';

const CLIENTS = 20;
const TURNS = 20;
const SIM = { models: [{ name: 'm', answerTokens: 8 }], numParallel: 4, loadMs: 20, tokenMs: 4 };

interface Tally {
  sent: number;
  whole: number;
  cut: number;
  broken: number;
  left: number;
}

test(
  'under load with random faults, every request gets a response, and no slot stays in use',
  { timeout: 60_000 },
  async (t) => {
    await seeded(async (random) => {
      await using steady = await FaultyServer.start(SIM);
      await using first = await FaultyServer.start(SIM);
      await using second = await FaultyServer.start(SIM);
      await using third = await FaultyServer.start(SIM);
      const faulty = [first, second, third];
      await using flood = await startFake(floods);
      const servers = [...faulty, steady].map(({ url }) => ({
        model_name: 'm',
        litellm_params: { model: 'ollama_chat/m', api_base: url },
      }));
      const torrent = { model_name: 'torrent', litellm_params: { model: 'ollama_chat/m', api_base: flood.url } };
      const settings = {
        router_settings: { num_retries: 6, cooldown_time: 0.2 },
        hxllm: { backends: Object.fromEntries([...faulty, steady].map(({ url }) => [url, { num_parallel: 4 }])) },
      };
      await using gateway = await startGateway([], { model_list: [...servers, torrent], ...settings });
      const tally: Tally = { sent: 0, whole: 0, cut: 0, broken: 0, left: 0 };
      const reader = await readNothing(gateway);
      let over = false;
      const injecting = injectFaults(faulty, random, () => over);
      const clients = await Promise.allSettled(
        Array.from({ length: CLIENTS }, (_, number) => client(gateway, random, tally, number)),
      );
      over = true;
      await injecting;
      for (const settled of clients) if (settled.status === 'rejected') throw settled.reason;
      await until('a client that reads nothing is dropped', () =>
        gateway.ended().some(({ ended }) => ended === 'client-too-slow'),
      );
      reader.destroy();
      t.diagnostic(
        `${JSON.stringify(tally)}, ${String(faulty.reduce((sum, { kills }) => sum + kills, 0))} restarts, ${String(gateway.ended().filter(({ attempts }) => Number(attempts) > 1).length)} moved`,
      );
      assert.equal(tally.whole + tally.cut + tally.broken + tally.left, tally.sent);
      assert.ok(tally.whole > tally.broken * 3, 'most requests are served');
      await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
      await until('no server runs a request any more', () =>
        [...faulty, steady].every(({ sim }) => sim.activity().busy + sim.activity().waiting === 0),
      );
      await until(
        'each request has its log line',
        () => gateway.ended().length > tally.whole + tally.cut + tally.broken,
      );
      assert.ok(gateway.ended().length <= tally.sent + 1, 'each request has one log line');
      await until('every server is up again', () => faulty.every(({ url }) => isUp(gateway, url)), 15_000);
      const answers = await Promise.all(Array.from({ length: 16 }, () => gateway.chat()));
      assert.ok(answers.every(({ status }) => status === 200));
    });
  },
);

async function client(gateway: Running, random: Random, tally: Tally, number: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const stream = random.chance(0.6);
    const leaveAfterMs = random.chance(0.3) ? random.below(90) : undefined;
    const body = { stream, messages: [{ role: 'user', content: `client ${String(number)} turn ${String(turn)}` }] };
    tally.sent += 1;
    const line = gateway.ended().length;
    if (leaveAfterMs !== undefined) {
      const controller = new AbortController();
      const answer = gateway
        .chat(body, { signal: controller.signal })
        .then((response) => response.text())
        .catch(() => '');
      await sleep(leaveAfterMs);
      controller.abort();
      await answer;
      tally.left += 1;
      continue;
    }
    const response = await gateway.chat(body);
    const text = await response.text();
    const { ending, code } = judge(stream, response.status, text);
    // A connection that breaks while its server stays up, or is up again, is the failure of its request.
    if (ending === 'refused')
      assert.deepEqual(
        [response.status, code],
        [502, 'backend_unreachable'],
        `${text} ${JSON.stringify(gateway.log.slice(line))}`,
      );
    tally[ending === 'refused' ? 'broken' : ending] += 1;
  }
}

async function injectFaults(faulty: readonly FaultyServer[], random: Random, over: () => boolean): Promise<void> {
  await Promise.all(
    faulty.map(async (server) => {
      while (!over()) {
        if (random.chance(0.15)) await server.restart(random.below(80));
        else server.injectFault(random);
        await sleep(10 + random.below(40));
      }
      server.sim.faults.clear();
    }),
  );
}

/** Sends text without a pause and without end. */
function floods(_got: unknown, outgoing: Parameters<Parameters<typeof startFake>[0] & object>[1]): void {
  const text = piece('x'.repeat(64 * 1024));
  const more = (): void => {
    while (!outgoing.destroyed && outgoing.write(text));
    if (!outgoing.destroyed) outgoing.once('drain', more);
  };
  more();
}

async function readNothing(gateway: Running): Promise<ReturnType<typeof connect>> {
  const body = JSON.stringify({ model: 'torrent', stream: true, messages: [{ role: 'user', content: 'hi' }] });
  const socket = connect(gateway.port, '127.0.0.1').pause();
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  return socket;
}

function isUp(gateway: Running, url: string): boolean {
  const last = gateway.log.findLast(
    ({ event, backend }) => backend === url && (event === 'backend-down' || event === 'backend-up'),
  );
  return last?.['event'] !== 'backend-down';
}
