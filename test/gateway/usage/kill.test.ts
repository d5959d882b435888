import assert from 'node:assert/strict';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { packGateway } from '../../../src/cli/shipping/bundle.ts';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { configFolder, MASTER, watch, type Run } from '../main-process.ts';
import { startGateway, until } from '../running.ts';
import type { Round } from './kill/client.ts';
import { judge } from './kill/judge.ts';
import { busyMs, othersShare, workedMs } from './kill/machine.ts';
import type { SeenRound, Served } from './kill/plan.ts';
import { newFolder } from './stage.ts';

const CLIENT = 'sk-of-a-client-000000';
/** More of them, for a longer look: `HXLLM_KILLS=100`. */
const ROUNDS = Number(process.env['HXLLM_KILLS'] ?? 1);
/** Longest life of a gateway, ms. In a longer look it is that of a program that has warmed up, or has not. */
const LIFE_MS = ROUNDS === 1 ? 1500 : 5000;
/** Requests a second that must be answered, and those that are sent: a program that has just begun does not keep up. */
const [RATE, SENT_RATE] = [500, 700];
/** The rate is judged if other programs had no more of the machine than this, while the gateway was up: it is always told. */
const MOST_OTHERS = 0.25;
const { folder, write } = await configFolder();
const environment = { ...process.env, LITELLM_MASTER_KEY: 'sk-0123456789abcdef' };

/** A process of this test that is asked and answers. */
async function startHelper(name: string): Promise<Helper> {
  const child = fork(join(import.meta.dirname, 'kill', name), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  watch(child);
  await once(child, 'spawn');
  return {
    child,
    next: async (type = 'object') => {
      for await (const [message] of on(child, 'message')) if (typeof message === type) return message;
      return undefined;
    },
  };
}

interface Helper {
  readonly child: ChildProcess;
  /** The next message: an object, or a text that tells of an event. */
  next(type?: 'object' | 'string'): Promise<unknown>;
}

/** The output goes to a file: to read it all the time would cost what the gateway needs. */
async function startProgram(program: string, config: string): Promise<Run & { readonly port: number }> {
  const file = join(folder, 'out');
  const out = openSync(file, 'w');
  const run = watch(
    spawn(process.execPath, [program, '--config', config, '--port', '0'], {
      env: environment,
      stdio: ['ignore', out, out],
    }),
  );
  closeSync(out);
  const port = (): number => Number(/"addresses":\["127\.0\.0\.1:(\d+)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  await until('it listens', () => port() > 0 || run.child.exitCode !== null);
  return Object.assign(run, { port: port() });
}

test('a gateway that is killed under streams has a row for each answer that was read, and one for each that was cut', async (context) => {
  const state = newFolder();
  const servers = await startHelper('servers.ts');
  const urls = ((await servers.next()) as readonly number[]).map((port) => `http://127.0.0.1:${String(port)}`);
  const client = await startHelper('client.ts');
  const program = join(folder, 'gateway.mjs');
  writeFileSync(program, await packGateway());
  const hxllm = {
    state_dir: state,
    keys: [{ alias: 'portal', hash: apiKeyHash(CLIENT) }],
    // Nothing waits in a queue.
    backends: Object.fromEntries(urls.map((url) => [url, { num_parallel: 200 }])),
  };
  const model_list = urls.map((url) => ({
    model_name: 'm',
    litellm_params: { model: 'ollama_chat/m', api_base: url },
  }));
  const config = await write('config.yaml', { ...MASTER, model_list, hxllm });
  const rounds: SeenRound[] = [];
  let [first, allMs, usMs, forMs] = [1, 0, 0, 0];
  let helpersMs = workedMs(servers.child.pid ?? 0) + workedMs(client.child.pid ?? 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const run = await startProgram(program, config);
    const pid = run.child.pid ?? 0;
    const [beganMs, beganUsMs, beginMs] = [busyMs(), workedMs(pid), performance.now()];
    client.child.send({ port: run.port, key: CLIENT, perSecond: SENT_RATE, first } satisfies Round);
    // A single life is to have an answer, however slow the machine is.
    if (ROUNDS === 1) await client.next('string');
    await sleep(100 + Math.random() * LIFE_MS);
    usMs += workedMs(pid) - beganUsMs;
    run.child.kill('SIGKILL');
    allMs += busyMs() - beganMs;
    forMs += performance.now() - beginMs;
    await run.code;
    client.child.send('end');
    const seen = (await client.next()) as SeenRound;
    rounds.push(seen);
    first += seen.seen.length;
  }
  const upMs = rounds.reduce((sum, one) => sum + one.upMs, 0);
  helpersMs = workedMs(servers.child.pid ?? 0) + workedMs(client.child.pid ?? 0) - helpersMs;
  servers.child.send('report');
  const served = (await servers.next()) as readonly Served[];
  // The next process takes over what the dead ones have left.
  {
    await using gateway = await startGateway([], { model_list, hxllm });
    await gateway.service().usage?.flush();
  }
  const ended = rounds.reduce((sum, one) => sum + one.ended, 0);
  const perSecond = (ended / upMs) * 1000;
  const others = othersShare(allMs, usMs + helpersMs, forMs);
  context.diagnostic(
    `${String(ROUNDS)} kills in ${(upMs / 1000).toFixed(1)} s of service; ${String(served.length)} requests reached a server, ${perSecond.toFixed(0)} answers a second; others had ${(others * 100).toFixed(0)} % of the machine`,
  );
  context.diagnostic(
    judge(
      state,
      rounds.flatMap(({ seen }) => seen),
      served,
      ROUNDS,
    ),
  );
  if (ROUNDS > 1 && others <= MOST_OTHERS) assert.ok(perSecond >= RATE, `${perSecond.toFixed(0)} a second`);
});
