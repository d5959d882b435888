import { createRandom, type Random } from '../../gateway/fault/seed.ts';
import { assault } from '../../gateway/fuzz/assault.ts';
import { chatBytes, isWhole, KEY, open, requestBytes, runPlain, runStreams } from './load.ts';
import { cpuUs, memoryMiB, processTree } from './process-cost.ts';
import type { Started } from './proxy.ts';
import { markdown } from './table.ts';

/** Opens a number of slow streams at once, and reports the memory of the process. */
export async function measureStreams({ port, pid }: Started, streams: number): Promise<string> {
  await runPlain(port, 32, 3000);
  const pids = processTree(pid);
  const idle = { pss: memoryMiB(pids, 'Pss'), rss: memoryMiB(pids, 'Rss') };
  const during: { readonly pss: number; readonly rss: number }[] = [];
  const plan = { streams, gapMs: 1000, pieces: 30 };
  const { failures, events, looks } = await runStreams(port, plan, () => {
    during.push({ pss: memoryMiB(pids, 'Pss'), rss: memoryMiB(pids, 'Rss') });
    return cpuUs(pids);
  });
  const most = { pss: Math.max(...during.map(({ pss }) => pss)), rss: Math.max(...during.map(({ rss }) => rss)) };
  const row = (name: string, { pss, rss }: typeof idle): readonly string[] => [name, pss.toFixed(0), rss.toFixed(0)];
  return `${markdown(['', 'PSS MiB', 'RSS MiB'], [row('after a load of short requests', idle), row(`with ${String(streams)} streams open, a piece a second each`, most)])}
${(((most.pss - idle.pss) * 1024) / streams).toFixed(1)} KiB a stream; ${((looks[1] - looks[0]) / events).toFixed(0)} µs of CPU a piece; ${String(failures)} streams failed\n`;
}

const KINDS: readonly ((random: Random) => Buffer)[] = [
  () => chatBytes('Say something.', false),
  () => chatBytes('say 3 every 1 ms', true),
  (random) => chatBytes('x'.repeat(random.below(20_000)), random.chance(0.5)),
  () => requestBytes('POST', '/v1/embeddings', { model: 'm', input: ['a'] }),
  () => requestBytes('GET', '/v1/models', undefined),
  () => requestBytes('POST', '/v1/chat/completions', { model: 'nobody', messages: [] }),
  () => requestBytes('POST', '/v1/chat/completions', { model: 'm', messages: 'none' }),
  () => requestBytes('GET', '/nowhere', undefined),
  () => requestBytes('POST', '/v1/embeddings', { model: 'm', input: ['a'] }, 'sk-wrong'),
];
const SAMPLES = 40;

/**
 * Sends a number of requests of mixed kinds, with some clients that leave, and reports the growth of the process's memory: the
 * slope over the second half.
 */
export async function soak({ port, pid }: Started, requests: number, seed: number): Promise<string> {
  const random = createRandom(seed);
  const samples: { readonly sent: number; readonly rss: number }[] = [];
  let sent = 0;
  const client = async (until: number): Promise<void> => {
    let socket = await open(port);
    while (sent < until) {
      sent += 1;
      const leaves = random.chance(0.05);
      socket.write(
        leaves
          ? chatBytes('say 50 every 20 ms', true)
          : (KINDS[random.below(KINDS.length)] ?? (() => Buffer.alloc(0)))(random),
      );
      await answered(socket, leaves ? random.below(30) : undefined);
      if (socket.destroyed) socket = await open(port);
    }
    socket.destroy();
  };
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    await Promise.all(Array.from({ length: 32 }, () => client((requests * sample) / SAMPLES)));
    samples.push({ sent, rss: memoryMiB(processTree(pid), 'Rss') });
  }
  const half = samples.slice(SAMPLES / 2);
  const tenths = samples.filter((_, index) => index % (SAMPLES / 10) === SAMPLES / 10 - 1);
  return `${markdown(['requests', ...tenths.map((one) => String(one.sent))], [['RSS MiB', ...tenths.map(({ rss }) => rss.toFixed(0))]])}
slope over the second half: ${(slope(half.map((one) => [one.sent, one.rss])) * 1024 * 1000).toFixed(0)} KiB for each 1,000 requests (seed ${String(seed)})\n`;
}

function answered(socket: Awaited<ReturnType<typeof open>>, leaveAfterMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      socket.off('data', take).off('close', done);
      resolve();
    };
    const take = (piece: string): void => {
      text += piece;
      if (leaveAfterMs === undefined && isWhole(text)) done();
    };
    socket.on('data', take).on('close', done);
    if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
  });
}

// Least squares.
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const [meanX, meanY] = [0, 1].map(
    (axis) => points.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / points.length,
  ) as [number, number]; // two axes
  return (
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  );
}

/** Attacks a number of times over raw connections; rejects at the first response that is not the API's. */
export async function fuzz({ port, pid }: Started, runs: number, seed: number): Promise<string> {
  await runPlain(port, 32, 2000);
  const before = memoryMiB(processTree(pid), 'Rss');
  const statuses = await assault(port, KEY, runs, createRandom(seed), 64);
  const { failures } = await runPlain(port, 32, 1000);
  const rows = [...statuses]
    .toSorted(([a], [b]) => a - b)
    .map(([status, times]) => [status === 0 ? 'none (the request never ended)' : String(status), String(times)]);
  return `${markdown(['answer', 'times'], rows)}\nseed ${String(seed)}; afterwards ${String(failures)} of a second's short requests failed; RSS before ${before.toFixed(0)} MiB, after ${memoryMiB(processTree(pid), 'Rss').toFixed(0)} MiB\n`;
}
