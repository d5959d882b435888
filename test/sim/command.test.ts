import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFlags } from '../../src/sim/flags.ts';

const MAIN = join(import.meta.dirname, '../../src/sim/main.ts');

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the simulation. Once it listens, `then` is called and a signal ends the process. */
async function run(
  argv: readonly string[],
  signal?: NodeJS.Signals,
  then: (url: string) => Promise<void> = async () => undefined,
): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text));
  const closed = once(child, 'close');
  try {
    if (signal !== undefined) {
      // The process may also end without any output.
      await Promise.race([once(child.stdout, 'data'), closed]);
      await then(
        /http:\S+(?=:)/.exec(seen.stdout)?.[0] ?? assert.fail(`it does not listen: ${seen.stdout}${seen.stderr}`),
      );
      child.kill(signal);
    }
    await closed;
  } finally {
    // The process may still run if an assertion failed.
    child.kill('SIGKILL');
  }
  return { code: child.exitCode, ...seen };
}

test('it serves until a signal ends it, with exit 0, even in the middle of an answer', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const ran = await run(
      ['--port', '0', '--model', 'tiny,answer-tokens=5000', '--token-ms', '5'],
      signal,
      async (url) => {
        const response = await fetch(`${url}/api/chat`, {
          method: 'POST',
          body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'x' }] }),
        });
        assert.equal(response.status, 200);
        // Unread on purpose: the signal arrives in the middle of the answer.
        void response.text().catch(() => '');
      },
    );
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
    assert.match(ran.stdout, /^simulated Ollama on http:\/\/127\.0\.0\.1:\d+: tiny; 1 slot each\n$/);
  }
});

test('a taken port is named with the command that helps, exit 1', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo; // a server that listens on TCP has an AddressInfo
  t.after(() => holder.close());
  const ran = await run(['--port', String(port)]);
  assert.equal(ran.code, 1);
  assert.match(
    ran.stderr,
    new RegExp(`^port ${String(port)} is taken\n.*127\\.0\\.0\\.1:${String(port)}.*\n  fix: hxllm sim --port 0\n$`),
  );
});

test('a wrong flag is exit 64 without a stack trace; help is exit 0', async () => {
  const wrong = await run(['--prot', '1']);
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /^invalid command line\n {2}Unknown option '--prot'/);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--num-parallel N/);
});

test('each wrong value is answered with the expected and the found value', () => {
  for (const [argv, detail] of [
    [['--port', '70000'], /at most 65535, found "70000"/],
    [['--num-parallel', '0'], /whole number of at least 1, found "0"/],
    [['--token-ms', 'fast'], /number of at least 0, found "fast"/],
    [['--load-ms', ''], /found ""/],
    [['--model', 'a b'], /found "a b" \(invalid model name\)/],
    [['--model', ''], /found "" \(name missing\)/],
    [['--model', 'a,ctx=5'], /keys size-mib, .* found "ctx=5"/],
    [['--model', 'a,num-ctx=x'], /num-ctx= and a whole number, found "num-ctx=x"/],
    [['--model', 'a,engine=vllm'], /engine=llama or engine=ollama/],
    [['--model', 'a,capabilities=tools+sing'], /some of completion\+/],
    [['extra'], /extra/],
  ] as const) {
    const read = readFlags(argv);
    assert.ok(!read.ok, argv.join(' '));
    assert.match(read.problems[0].detail, detail);
    assert.match(read.problems[0].code, /^usage\./);
  }
});

test('keys after a name describe the model', () => {
  const read = readFlags([
    '--port',
    '0',
    '--model',
    'a:7b,size-mib=100,capabilities=completion+thinking,engine=ollama',
    '--model',
    'b,num-predict=-1',
  ]);
  assert.deepEqual(read, {
    ok: true,
    value: {
      port: 0,
      models: [
        { name: 'a:7b', sizeMiB: 100, capabilities: ['completion', 'thinking'], engine: 'ollama' },
        { name: 'b', numPredict: -1 },
      ],
    },
  });
});
