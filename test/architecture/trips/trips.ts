import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietPort } from '../../port.ts';
import { installTrace } from './hook.ts';

/** A trip through the program: the rooms of the functions that were entered, each function once, in the order of their first entry. */
export interface Trip {
  readonly title: string;
  readonly rooms: readonly string[];
  readonly files: ReadonlySet<string>;
}

// Modules below src/ are imported after this, so that they are instrumented.
const trace = installTrace();

/** Traces one chat request, answered whole, through a gateway whose model is in memory. */
export async function traceRequest(): Promise<Trip> {
  const { startFake } = await import('../../gateway/fake-upstream.ts');
  const { startGateway, until } = await import('../../gateway/running.ts');
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  assert.equal((await gateway.chat()).status, 200);
  await until('the first request to be logged', () => gateway.ended().length === 1);
  // Polls and ticks add their own rooms, but not to each of so many requests: on a busy machine five were too few.
  const trips: Trip[] = [];
  for (let turn = 2; turn <= 21; turn += 1) {
    // The request before has nothing left to do.
    await new Promise((resolve) => setTimeout(resolve, 50));
    trace.start();
    await (await gateway.chat()).text();
    await until('the request to be logged', () => gateway.ended().length === turn);
    const files = trace.stop();
    trips.push(tripOf('a chat request', files.slice(files.indexOf('gateway/server.ts'))));
  }
  return trips.reduce((least, trip) => (trip.rooms.length < least.rooms.length ? trip : least));
}

/** Traces `hxllm enforce` on a bare host: a folder of this machine, with the service manager `process`. */
export async function traceEnforce(): Promise<Trip> {
  const { main } = await import('../../../src/cli/main.ts');
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-trip-'));
  const cwd = process.cwd();
  try {
    await writeInventory(folder);
    process.chdir(folder);
    trace.start();
    const exitCode = await muted(() => main(['enforce', '--yes']));
    const files = trace.stop();
    await muted(() => main(['uninstall', '--yes']));
    assert.equal(exitCode, 0, 'enforce failed');
    return tripOf('an enforce', files);
  } finally {
    process.chdir(cwd);
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeInventory(folder: string): Promise<void> {
  const variables = [
    'litellm_models: [{name: m, provider: ollama, model: m}]',
    'litellm_backends: ["http://127.0.0.1:9"]',
    `litellm_master_key: sk-${'0'.repeat(64)}`,
    'litellm_listen: 127.0.0.1',
    `litellm_port: ${String(await quietPort())}`,
    'litellm_service_manager: process',
    `litellm_prefix: ${join(folder, 'host')}`,
  ];
  await mkdir(join(folder, 'inventories/group_vars/all'), { recursive: true });
  await writeFile(join(folder, 'inventories/dev.ini'), '[litellm]\nhere ansible_connection=local\n');
  await writeFile(join(folder, 'inventories/group_vars/all/main.yml'), `${variables.join('\n')}\n`);
}

/** Runs a command whose output nobody reads; a failure shows it. */
async function muted(command: () => Promise<number>): Promise<number> {
  const { stdout, stderr } = process;
  const [out, err] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  let printed = '';
  const keep = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  stdout.write = keep;
  stderr.write = keep;
  let exitCode = 1;
  try {
    exitCode = await command();
  } finally {
    stdout.write = out;
    stderr.write = err;
  }
  if (exitCode !== 0) stderr.write(printed);
  return exitCode;
}

function tripOf(title: string, traced: readonly string[]): Trip {
  const rooms: string[] = [];
  for (const file of traced) {
    const room = roomOf(file);
    if (rooms.at(-1) !== room) rooms.push(room);
  }
  return { title, rooms, files: new Set(traced) };
}

/** The room of a file: a folder of `src/`, of `src/gateway/` or of `src/phases/`; `gateway` for the files of the gateway's root. */
function roomOf(file: string): string {
  const [first = '', second = '', ...rest] = file.split('/');
  return rest.length > 0 && (first === 'gateway' || first === 'phases') ? `${first}/${second}` : first;
}
