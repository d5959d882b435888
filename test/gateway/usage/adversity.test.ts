import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DONE, startFake } from '../fake-upstream.ts';
import { addressOf, configFolder, MASTER, start, watch } from '../main-process.ts';
import { KEY, until } from '../running.ts';
import { startProcess } from './process-stage.ts';
import { newFolder, rowsIn, sumsIn } from './stage.ts';

const byText = (one: string, other: string): number => one.localeCompare(other);
const HOUR_MS = 3_600_000;
const { write } = await configFolder();

/** A program that begins to write the database, and then stops where it stands, as one does that a person has stopped. */
const WRITER = `const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
database.exec('BEGIN IMMEDIATE');
process.stdout.write('writes');
setTimeout(() => database.exec('ROLLBACK'), 1e8);`;

test('a clock that goes back an hour delays no journal that a dead process has left', async () => {
  const state = newFolder();
  let [nowMs, steadyMs] = [Date.now(), 0];
  const one = await startProcess(state, undefined, {}, { now: () => nowMs, steadyNow: () => steadyMs });
  await one.feed.run();
  const dead = await startProcess(state);
  dead.away(true);
  dead.serve(3);
  await dead.close();
  nowMs -= HOUR_MS;
  steadyMs += 20_000;
  await one.feed.run();
  assert.equal(rowsIn(state).length, 3);
  await one.close();
});

test('a journal that cannot be read, and a lock that is damaged, keep no other journal from the database', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  const journal = join(state, 'journal');
  // A person may make these.
  mkdirSync(join(journal, 'a-folder.000001.jsonl'));
  mkdirSync(join(journal, 'b-folder.lock'));
  const dead = await startProcess(state);
  dead.away(true);
  dead.serve(3);
  await dead.close();
  writeFileSync(join(journal, `${dead.recorder.journal.name}.lock`), 'no database at all'.repeat(100));
  await one.feed.run();
  assert.equal(rowsIn(state).length, 3);
  assert.equal(one.feed.failure, '');
  assert.deepEqual(
    one.log
      .map(({ event, reason }) => `${String(event)} ${String(reason).replace(/^.*\//, '').replace(/:.*/, '')}`)
      .toSorted(byText),
    ['usage-not-recovered a-folder.000001.jsonl', 'usage-not-recovered b-folder.lock', 'usage-recovered undefined'],
  );
  await one.close();
});

test('a journal that a person removes costs the rows in it, and no later ones', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  one.serve(3);
  await one.feed.run();
  one.serve(2);
  rmSync(join(state, 'journal'), { recursive: true });
  await one.feed.run();
  one.serve(4);
  await one.close();
  assert.equal(rowsIn(state).length, 7);
  assert.deepEqual(
    one.log.map(({ event }) => event),
    ['usage-removed'],
  );
});

test('a clock that jumps costs no row, and each day has its own', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  for (const atMs of [Date.now(), Date.now() - 48 * HOUR_MS, Date.now() + 48 * HOUR_MS, Date.now()])
    one.end(one.begin('k', atMs));
  await one.close();
  assert.equal(rowsIn(state).length, 4);
  assert.partialDeepStrictEqual(sumsIn(state, 'day'), [{ requests: 4 }]);
});

test('rows cross the end of a segment of 16 MiB, once each', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  one.away(true);
  const head = JSON.stringify(['k', null, null, null, ['t'.repeat(20_000)], 'openai', null]).slice(1, -1);
  const ids = Array.from(
    { length: 900 },
    (_, number) => `01a22d8c64fe7000800000000000${String(number).padStart(4, '0')}`,
  );
  for (const id of ids) one.end(one.recorder.begin(`"${id}",${head}`, '"a","m","http://s","resident"'));
  const sizes = readdirSync(join(state, 'journal'))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => statSync(join(state, 'journal', name)).size);
  assert.equal(sizes.length, 3);
  assert.ok(Math.max(...sizes) > 16 * 2 ** 20, String(sizes));
  one.away(false);
  await one.feed.run();
  assert.deepEqual(
    rowsIn(state).map(({ id }) => id),
    ids,
  );
  await one.close();
});

test('a stopped program that writes the database holds up neither answers nor a stop, and no row is lost', async () => {
  const state = newFolder();
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(DONE);
  });
  const config = await write(
    'config.yaml',
    { ...MASTER, hxllm: { state_dir: state, usage: { record: 'always' } } },
    fake.url,
  );
  const run = start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  const url = `http://${await addressOf(run)}`;
  const chat = async (): Promise<number> => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
    });
    await response.text();
    return response.status;
  };
  assert.equal(await chat(), 200);
  await until('it is stored', () => rowsIn(state).length === 1);
  const writer = watch(spawn(process.execPath, ['-e', WRITER, join(state, 'gateway.db')]));
  if (writer.out === '') await once(writer.child.stdout ?? writer.child, 'data');
  writer.child.kill('SIGSTOP');
  for (let request = 0; request < 20; request += 1) {
    const sinceMs = performance.now();
    assert.equal(await chat(), 200);
    assert.ok(performance.now() - sinceMs < 2000);
  }
  const sinceMs = performance.now();
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0, run.err);
  assert.ok(performance.now() - sinceMs < 25_000, String(performance.now() - sinceMs));
  writer.child.kill('SIGKILL');
  await writer.code;
  const next = start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  await addressOf(next);
  await until('all are stored', () => rowsIn(state).length === 21);
  next.child.kill('SIGTERM');
  assert.equal(await next.code, 0, next.err);
});

test('two gateways on one state folder by mistake have each row once, also when one is killed', async () => {
  const state = newFolder();
  await using fake = await startFake(async (_got, outgoing) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    outgoing.end(DONE);
  });
  const config = await write(
    'config.yaml',
    {
      ...MASTER,
      hxllm: { state_dir: state, usage: { record: 'always' }, backends: { [fake.url]: { num_parallel: 16 } } },
    },
    fake.url,
  );
  const runs = [0, 1].map(() => start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: KEY }));
  const urls = await Promise.all(runs.map(async (run) => `http://${await addressOf(run)}`));
  const answered: string[] = [];
  const client = async (url: string): Promise<void> => {
    for (let request = 0; request < 40; request += 1)
      try {
        const response = await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${KEY}` },
          body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
        });
        await response.text();
        answered.push((response.headers.get('x-request-id') ?? '').slice('req_'.length));
        if (url === urls[1] && request === 20) runs[1]?.child.kill('SIGKILL');
      } catch {
        return;
      }
  };
  await Promise.all(urls.flatMap((url) => [client(url), client(url), client(url)]));
  await until(
    'the other one has taken over what the dead one has left',
    () => {
      const ids = new Set(rowsIn(state).map(({ id }) => id));
      return answered.every((id) => ids.has(id)) && ids.size >= fake.requests.length;
    },
    60_000,
  );
  // A request may have begun in the journal and not have been sent.
  const rows = rowsIn(state);
  assert.ok(rows.length <= fake.requests.length + 3, String(rows.length));
  assert.partialDeepStrictEqual(sumsIn(state, 'day'), [{ requests: rows.length }]);
  runs[0]?.child.kill('SIGTERM');
  assert.equal(await runs[0]?.code, 0);
  assert.deepEqual(readdirSync(join(state, 'journal')), []);
});
