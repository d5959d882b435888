import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { addressOf, configFolder, start, type Run } from './main-process.ts';
import { until } from './running.ts';

const { folder, write } = await configFolder();
const HELD_FILE = join(folder, 'held');

/** A gateway in a process of its own, with a log that is not read until it is resumed. */
async function stalled(name: string): Promise<{ readonly run: Run; readonly ask: (count: number) => Promise<void> }> {
  const file = await write(name, { general_settings: { master_key: 'sk-0123456789abcdef' } });
  const run = start(['--config', file, '--port', '0'], {
    NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(WEIGH)}`,
    HELD_FILE,
  });
  const address = await addressOf(run);
  run.child.stdout?.pause();
  const ask = async (count: number): Promise<void> => {
    const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    let rest = '';
    let answers = 0;
    socket.setEncoding('latin1').on('data', (text: string) => {
      const parts = (rest + text).split('HTTP/1.1 404');
      rest = parts.at(-1)?.slice(-11) ?? '';
      answers += parts.length - 1;
    });
    // A line of some 900 bytes each.
    const request = `GET /${'x'.repeat(480)} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    socket.write(request.repeat(count));
    await until('all are answered', () => answers === count, 40_000);
    socket.destroy();
  };
  return { run, ask };
}

/** On SIGUSR2 a gateway collects its garbage and writes the bytes that it still holds. The resident size depends on the machine. */
const WEIGH = `import { writeFileSync } from 'node:fs';
process.on('SIGUSR2', () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(process.env.HELD_FILE, String(heapUsed + external) + '.');
});`;

async function heldMiB(run: Run): Promise<number> {
  await rm(HELD_FILE, { force: true });
  run.child.kill('SIGUSR2');
  const read = (): string => (existsSync(HELD_FILE) ? readFileSync(HELD_FILE, 'utf8') : '');
  await until('it has written what it holds', () => read().endsWith('.'));
  return Number.parseInt(read(), 10) / 2 ** 20;
}

test('a log without a reader takes a bounded memory, and does not hold up a stop', { timeout: 60_000 }, async () => {
  const { run, ask } = await stalled('stop.json');
  await ask(10_000);
  const before = await heldMiB(run);
  await ask(40_000);
  const after = await heldMiB(run);
  assert.ok(after - before < 16, `${String(before)} MiB, then ${String(after)} MiB`);
  run.child.kill('SIGTERM');
  await once(run.child, 'exit');
  assert.equal(run.child.exitCode, 0);
  run.child.stdout?.resume();
  await run.code;
});

test('lines that were left out while the reader stalled are counted in the log', { timeout: 60_000 }, async () => {
  const { run, ask } = await stalled('dropped.json');
  await ask(10_000);
  run.child.stdout?.resume();
  await until('the lines that waited are read', () => run.out.length > 4_000_000, 20_000);
  await ask(1);
  await until('the next line comes', () => run.out.includes('"event":"log-lines-dropped"'));
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
  const lines = run.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly event: string; readonly lines?: number });
  const written = lines.filter(({ event }) => event === 'request').length;
  const dropped = lines.find(({ event }) => event === 'log-lines-dropped')?.lines ?? 0;
  assert.ok(dropped > 0);
  assert.equal(written + dropped, 10_001);
});
