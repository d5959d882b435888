import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import { quietPort } from '../../port.ts';
import { until } from '../../until.ts';
import { limitsUntil, PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { createKeys, startServer } from './server.ts';

const keys = await createKeys();
const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
const server = await startServer({ hostKeys: [hostKey], clientKey });
const known = join(keys.folder, 'known-hosts');
await writeFile(known, `[127.0.0.1]:${String(server.port)} ${hostKey.publicText}\n`);
const target = targetOf({
  port: server.port,
  user: 'deploy',
  identityFiles: [clientKey.file],
  sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${known}`],
});
const person = { home: keys.folder, userName: 'deploy', environment: { PATH: process.env['PATH'] } };

after(async () => {
  await server[Symbol.asyncDispose]();
  await keys.remove();
});

for (const transport of TRANSPORTS)
  suite(`sessions over ${transport}`, async () => {
    const connect = createConnect(person, undefined, transport);
    const host = valueOf(await connect(target, PATIENT.signal));
    after(() => host.close());

    test('arguments arrive unchanged, input is read, output and exit code are returned', async () => {
      const ran = valueOf(
        await host.run(
          {
            argv: ['bash', '-c', 'cat; printf "%s|" "$@"; echo oops >&2; exit 3', 'x', "it's", '$HOME', 'a b', ''],
            stdin: 'größe\n',
          },
          PATIENT,
        ),
      );
      assert.deepEqual([ran.exitCode, ran.stdout, ran.stderr], [3, "größe\nit's|$HOME|a b||", 'oops\n']);
    });

    test('output is passed on while the command runs, and the result has none of it', async () => {
      const told = Promise.withResolvers<string>();
      async function* untilTold() {
        yield new TextEncoder().encode(`${await told.promise}\n`);
      }
      let seen = '';
      const ran = valueOf(
        await host.run(
          {
            argv: ['bash', '-c', 'echo first; read -r word; echo "$word"; echo oops >&2'],
            stdin: untilTold(),
            onOutput: (chunk) => {
              seen += Buffer.from(chunk).toString();
              if (seen === 'first\n') told.resolve('second');
            },
          },
          PATIENT,
        ),
      );
      assert.deepEqual([seen, ran.stdout, ran.stderr], ['first\nsecond\n', '', 'oops\n']);
    });

    test('the exit code after a signal is 128 + its number', async () => {
      assert.equal(valueOf(await host.run({ argv: ['bash', '-c', 'kill -KILL $$'] }, PATIENT)).exitCode, 137);
    });

    test('megabytes are streamed in and out intact, concurrently', async () => {
      const chunk = new TextEncoder().encode('0123456789abcdef'.repeat(4096));
      async function* source() {
        for (let index = 0; index < 100; index += 1) {
          await Promise.resolve();
          yield chunk;
        }
      }
      const ran = valueOf(await host.run({ argv: ['bash', '-c', 'tee >(cat >&2)'], stdin: source() }, PATIENT));
      assert.deepEqual([ran.stdout.length, ran.stderr.length], [100 * chunk.length, 100 * chunk.length]);
      assert.equal(ran.stdout, ran.stderr);
    });

    test('a program that reads only the beginning of its input is no error', async () => {
      async function* endless() {
        for (;;) {
          await Promise.resolve();
          yield new Uint8Array(65_536);
        }
      }
      assert.equal(
        valueOf(await host.run({ argv: ['bash', '-c', 'head -c 3 | wc -c'], stdin: endless() }, PATIENT)).stdout.trim(),
        '3',
      );
    });

    test('commands beyond the server’s session limit wait', async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) => host.run({ argv: ['echo', String(index)] }, PATIENT)),
      );
      assert.deepEqual(
        all.map((result) => valueOf(result).stdout.trim()),
        Array.from({ length: 20 }, (_, index) => String(index)),
      );
    });

    test('a command is told to end after its timeout and after an abort', { timeout: 60_000 }, async (t) => {
      const file = join(keys.folder, `ended-${transport}`);
      const argv = [
        'bash',
        '-c',
        'trap "echo ended >\\"$1\\"; exit" TERM; echo >"$1.begun"; sleep 600 & wait',
        'x',
        file,
      ];
      // ssh2's server ignores signals after the end of the input; sshd does not.
      const input = new ReadableStream<Uint8Array>();
      const time = limitsUntil(t);
      const late = host.run({ argv, stdin: input }, time.options);
      await until('the command has begun', () => existsSync(`${file}.begun`));
      time.pass();
      assert.equal(problemOf(await late).code, 'host.timeout');
      await until(
        'the command was told to end',
        async () => (await readFile(file, 'utf8').catch(() => '')) === 'ended\n',
      );
      t.mock.reset();
      const stop = new AbortController();
      const running = host.run({ argv: ['sleep', '600'] }, { signal: stop.signal, timeoutMs: 60_000 });
      stop.abort();
      assert.equal(problemOf(await running).code, 'host.aborted');
    });

    test('a forwarded port reaches the host’s loopback; a closed port closes at once', async () => {
      const port = await quietPort();
      await using echo = createServer((socket) => {
        socket.pipe(socket);
      });
      await new Promise<void>((resolve) => {
        echo.listen(port, '127.0.0.1', resolve);
      });
      const forward = valueOf(await host.forward('127.0.0.1', port));
      assert.equal(forward.address, '127.0.0.1');
      assert.equal(await exchange(forward.port, 'over there'), 'over there');
      await new Promise((resolve) => {
        echo.close(resolve);
      });
      assert.equal(await exchange(forward.port, 'nobody'), '');
      await forward.close();
    });

    test(
      'a lost connection names the running command, and so does every later command',
      { timeout: 60_000 },
      async () => {
        const other = valueOf(await connect(target, PATIENT.signal));
        const running = other.run({ argv: ['sleep', '600'], title: 'sleep well' }, PATIENT);
        valueOf(await other.run({ argv: ['true'] }, PATIENT));
        server.connections.at(-1)?.end();
        const problem = problemOf(await running);
        assert.deepEqual(
          [problem.code, problem.summary],
          ['host.unreachable', 'hx-test: the connection was lost while running “sleep well”'],
        );
        assert.equal(problemOf(await other.run({ argv: ['true'] }, PATIENT)).code, 'host.unreachable');
        await other.close();
      },
    );
  });

/** Sends a text and returns all data until the other side closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const got: Buffer[] = [];
    const socket = connectTcp(port, '127.0.0.1');
    socket
      .on('data', (chunk) => {
        got.push(chunk);
      })
      .on('error', () => undefined)
      .on('close', () => {
        resolve(Buffer.concat(got).toString());
      });
    socket.end(text);
  });
}
