import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packGateway } from '../../../src/cli/shipping/bundle.ts';
import { watch } from '../main-process.ts';
import { until } from '../running.ts';

/** As systemd does: it holds the listener, never accepts, and passes it to each instance as file descriptor 3. */
const LAUNCHER = `while IFS= read -r line; do
  ( exec 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$BASHPID; eval "exec $line" ) &
done
wait`;

/** A gateway process on the listener of a {@link Host}. */
export interface Launched {
  readonly id: string;
  log(): readonly Readonly<Record<string, unknown>>[];
  events(): readonly unknown[];
  err(): string;
  pid(): number;
  kill(signal: NodeJS.Signals): void;
  isRunning(): boolean;
  /** Resolves when the process has ended. */
  ended(): Promise<void>;
}

/** A folder, a listener and the instances on it. */
export interface Host extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly runtimeFolder: string;
  write(name: string, config: object): Promise<string>;
  launch(id: string, file: string, more?: readonly string[]): Launched;
  /** Runs `gateway --control …`. */
  control(...args: readonly string[]): Promise<ControlRun>;
}

/** The end of a command. */
export interface ControlRun {
  readonly code: number | null;
  readonly document: Control;
  readonly err: string;
}

/** The document of a command. */
export interface Control {
  readonly instances?: readonly Readonly<Record<string, unknown>>[];
  readonly ready?: boolean;
  readonly checks?: readonly { readonly id: string; readonly ok: boolean; readonly detail: string }[];
  readonly state?: string;
  readonly from?: readonly string[];
  readonly draining?: readonly string[];
  readonly cut?: readonly string[];
  readonly backend?: Readonly<Record<string, unknown>>;
  readonly backends?: readonly Readonly<Record<string, unknown>>[];
  readonly problem?: { readonly code: string };
}

/** Starts a launcher with a listener on a free port. */
export async function startHost(): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), 'hxi-'));
  const runtimeFolder = join(folder, 'run');
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const launcher = spawn('/bin/bash', ['-c', LAUNCHER], { stdio: ['pipe', 'inherit', 'inherit', fdOf(listener)] });
  const { stdin } = launcher;
  assert.ok(stdin !== null);
  await once(launcher, 'spawn');
  // As on a host, and it starts in a tenth of the time.
  const program = join(folder, 'gateway.mjs');
  await writeFile(program, await packGateway());
  // From here on only the launcher has it.
  listener.close();
  const launched: Launched[] = [];
  const command = (args: readonly string[]): string =>
    [process.execPath, program, ...args].map((arg) => `'${arg.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    folder,
    runtimeFolder,
    write: async (name, config) => {
      const file = join(folder, name);
      await writeFile(file, JSON.stringify(config));
      return file;
    },
    launch: (id, file, more = []) => {
      const name = `${id}.${String(launched.length)}`;
      const [out, err, pid] = ['out', 'err', 'pid'].map((end) => join(folder, `${name}.${end}`)) as [
        string,
        string,
        string,
      ];
      const args = ['--config', file, '--instance', id, '--runtime-dir', runtimeFolder, ...more];
      stdin.write(`/bin/sh -c 'echo $$ > ${pid}; exec "$0" "$@"' ${command(args)} > ${out} 2> ${err}\n`);
      const one = launchedIn(id, { out, err, pid });
      launched.push(one);
      return one;
    },
    control: async (...args) => {
      const run = watch(spawn(process.execPath, [program, '--control', ...args, '--runtime-dir', runtimeFolder]));
      const code = await run.code;
      return { code, document: JSON.parse(run.out || 'null') as Control, err: run.err };
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of launched) one.kill('SIGKILL');
      stdin.end();
      launcher.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function launchedIn(id: string, files: { readonly out: string; readonly err: string; readonly pid: string }): Launched {
  const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const pid = (): number => Number(textOf(files.pid));
  const log = (): readonly Readonly<Record<string, unknown>>[] =>
    textOf(files.out)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const isRunning = (): boolean => {
    const status = textOf(`/proc/${String(pid())}/stat`);
    return pid() > 0 && status !== '' && !/\) Z /.test(status);
  };
  return {
    id,
    log,
    events: () => log().map(({ event }) => event),
    err: () => textOf(files.err),
    pid,
    isRunning,
    kill: (signal) => {
      if (isRunning()) process.kill(pid(), signal);
    },
    ended: () => until(`instance ${id} has ended`, () => pid() > 0 && !isRunning(), 60_000),
  };
}

/** Waits until an instance has logged an event. */
export async function untilLogged(one: Launched, event: string): Promise<void> {
  await until(
    `instance ${one.id} logs ${event}`,
    () => one.events().includes(event) || (one.pid() > 0 && !one.isRunning()),
    30_000,
  );
  assert.ok(one.events().includes(event), `${one.id}: ${one.err()}`);
}

function fdOf(server: Server): number {
  const { _handle: handle } = server as unknown as { _handle: { fd: number } };
  return handle.fd;
}
