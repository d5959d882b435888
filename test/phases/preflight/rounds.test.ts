import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Host } from '../../../src/core/host.ts';
import { ok } from '../../../src/core/problem.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { questionsFor } from '../../../src/phases/preflight/subject.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, toolsOf } from './host.ts';
import { GOOD, NOW_MS, SETTINGS } from './judging.ts';

/** The most round trips after authentication. */
const ROUNDS_MAX = 5;

/**
 * A host on a slow line: an answer comes with the round in which it was asked, when nothing else is left to ask. Calls that go out at
 * the same time share a round.
 */
function slowLine(host: Host): { readonly host: Host; rounds(): number; calls(): readonly string[] } {
  const waiting: (() => void)[] = [];
  const calls: string[] = [];
  let [rounds, isRunning] = [0, false];
  const next = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      // Everything that can be asked without this answer is asked by now.
      for (let turn = 0; turn < 5; turn++) await setImmediate();
      rounds += 1;
      for (const answer of waiting.splice(0)) answer();
      for (let turn = 0; turn < 5; turn++) await setImmediate();
    }
    isRunning = false;
  };
  const slow =
    <A extends readonly unknown[], R>(name: string, call: (...words: A) => Promise<R>) =>
    async (...words: A): Promise<R> => {
      calls.push(name);
      const heard = new Promise<void>((resolve) => waiting.push(resolve));
      if (!isRunning) void next();
      await heard;
      return call(...words);
    };
  return {
    host: {
      ...host,
      run: slow('run', (command, options) => host.run(command, options)),
      tryPort: slow('tryPort', (port, options) => host.tryPort(port, options)),
      forward: slow('forward', (address, port) => host.forward(address, port)),
    },
    rounds: () => rounds,
    calls: () => calls,
  };
}

async function roundsOf(backends: number): Promise<ReturnType<typeof slowLine>> {
  const urls = Array.from({ length: backends }, (_, index) => `http://hx-llm${String(index)}-server.hana-x.ai:11434`);
  const line = slowLine(createAnsweringHost('hx-api-server', GOOD));
  const config = configOf([hostOf('hx-api-server', { ...SETTINGS, backends: backendsOf(...urls) })]);
  await runPreflight(
    config,
    toolsOf(() => Promise.resolve(ok(line.host)), NOW_MS),
  );
  return line;
}

test('preflight takes at most five round trips, whatever the number of checks and backends', async () => {
  const [few, many] = [await roundsOf(1), await roundsOf(40)];
  assert.ok(
    few.rounds() >= 1 && few.rounds() <= ROUNDS_MAX,
    `${String(few.rounds())} rounds: ${few.calls().join(' ')}`,
  );
  assert.equal(many.rounds(), few.rounds());
  assert.ok(few.calls().includes('tryPort'), 'the port is tried');
});

test('the call waits longer than the slowest question behind a sudo that hangs', async () => {
  const slowest = Math.max(
    ...Object.values(questionsFor(hostOf('hx-api-server', SETTINGS).settings)).map(({ timeoutS }) => timeoutS ?? 10),
  );
  const limits: number[] = [];
  const host = createAnsweringHost('hx-api-server', GOOD);
  const watched: Host = {
    ...host,
    run: (command, options) => {
      limits.push(options.timeoutMs);
      return host.run(command, options);
    },
  };
  await runPreflight(
    configOf([hostOf('hx-api-server', SETTINGS)]),
    toolsOf(() => Promise.resolve(ok(watched)), NOW_MS),
  );
  // sudo has 15 s, and a question that is killed 3 s more.
  assert.ok(
    limits.length > 0 && Math.min(...limits) > (15 + slowest + 3) * 1000,
    `${limits.join()} ms, ${String(slowest)} s`,
  );
});
