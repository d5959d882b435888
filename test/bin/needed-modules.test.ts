import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';

const BIN = join(import.meta.dirname, '../../bin/hxllm.js');
const ANSWER = JSON.stringify({ by: 'day', since: '2026-11-01', until: '2026-11-30', rows: [], keys: [], teams: [] });

/** Writes the modules that a process has loaded to stderr at its end: the program's own, and Node's. */
const SPY = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
process.on('exit', () => process.stderr.write(JSON.stringify([...loaded, ...process.moduleLoadList])));
`)}`;

/** A gateway that has nothing to tell, without HTTP's modules in this process. */
async function quietGateway(t: TestContext): Promise<string> {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${ANSWER}`);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function modulesOf(argv: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--import', SPY, BIN, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60_000,
  });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  assert.equal(code, 0, errors.slice(0, 500));
  return JSON.parse(errors) as readonly string[];
}

test('a question to a running gateway loads neither other commands nor undici, and less than the general help', async (t) => {
  const url = await quietGateway(t);
  const own = (modules: readonly string[]): readonly string[] => modules.filter((each) => /\/src\/.*\.ts$/.test(each));
  const help = own(await modulesOf(['--help'])).length;
  assert.ok(help > 50, String(help));
  for (const argv of [
    ['usage', '--by', 'day', '--since', '30d'],
    ['keys', 'list'],
    ['teams', 'list'],
  ]) {
    const modules = await modulesOf([...argv, '--url', url]);
    assert.deepEqual(
      modules.filter((each) =>
        /undici|commands\/(?:enforce|all)\.ts|views\/problems?\.ts|readline\/promises/.test(each),
      ),
      [],
      argv.join(' '),
    );
    const loaded = own(modules);
    assert.ok(loaded.length < 0.8 * help, `${argv.join(' ')}: ${String(loaded.length)} of ${String(help)}`);
  }
});
