import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findRealOllama } from '../lab/requirements.ts';

/** A real Ollama server that a test started. */
export interface RealServer {
  readonly url: string;
  /** What it has written so far. */
  log(): string;
  close(): Promise<void>;
}

/** How the server is set up. It has `tiny` (knows tools), `tiny-plain`, the field's name for `tiny`, and `other`, of other weights. */
export interface RealOptions {
  readonly numParallel?: number;
  readonly maxLoadedModels?: number;
}

/** The field's name for the model that chats. */
export const FIELD_MODEL = 'phi3:3.8b-mini-128k-instruct-q8_0';

/** Why the tests with the real Ollama are left out here; `false` where they run. */
export function whyNoRealOllama(): string | false {
  const found = findRealOllama();
  return found.ok ? false : `${found.problems[0].summary}: ${found.problems[0].detail}`;
}

/** Starts a real server on a free port, with a home and models of its own in a temporary folder that goes with it. */
export async function startRealOllama(options: RealOptions = {}): Promise<RealServer> {
  const found = findRealOllama();
  if (!found.ok) throw new Error(found.problems[0].detail);
  const { binary } = found.value;
  const home = await mkdtemp(join(tmpdir(), 'hxllm-ollama-'));
  const port = await freePort();
  const environment = {
    PATH: process.env['PATH'],
    HOME: home,
    OLLAMA_HOST: `127.0.0.1:${String(port)}`,
    OLLAMA_MODELS: join(home, 'models'),
    OLLAMA_NUM_PARALLEL: String(options.numParallel ?? 2),
    OLLAMA_MAX_LOADED_MODELS: String(options.maxLoadedModels ?? 1),
    OLLAMA_NO_CLOUD: '1',
  };
  const server = spawn(binary, ['serve'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const output of [server.stdout, server.stderr]) output.setEncoding('utf8').on('data', (text: string) => (log += text));
  const kill = (): void => {
    server.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  };
  // A test that ends early, or is ended, takes its server along.
  process.on('exit', kill);
  const end = (): never => process.exit(130);
  process.on('SIGTERM', end).on('SIGINT', end);
  const close = async (): Promise<void> => {
    await stop(server);
    process.off('exit', kill).off('SIGTERM', end).off('SIGINT', end);
    await rm(home, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${String(port)}`;
  try {
    await untilReady(url, server, () => log);
    await createModels(binary, home, environment);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, log: () => log, close };
}

async function createModels(binary: string, home: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const folder = join(binary, '..');
  for (const name of ['tiny.gguf', 'tiny.Modelfile', 'tiny-plain.Modelfile']) await cp(join(folder, name), join(home, name));
  // The last byte belongs to a weight: with another one the file is another, and the model as good as before.
  const weights = await readFile(join(home, 'tiny.gguf'));
  weights[weights.length - 4] = (weights[weights.length - 4] ?? 0) ^ 1;
  await writeFile(join(home, 'other.gguf'), weights);
  await writeFile(join(home, 'other.Modelfile'), (await readFile(join(home, 'tiny.Modelfile'), 'utf8')).replace('./tiny.gguf', './other.gguf'));
  const run = (...args: readonly string[]): Promise<unknown> => promisify(execFile)(binary, args, { cwd: home, env: environment, timeout: 20_000 });
  for (const name of ['tiny', 'tiny-plain', 'other']) await run('create', name, '-f', `${name}.Modelfile`);
  await run('cp', 'tiny', FIELD_MODEL);
}

async function untilReady(url: string, server: ChildProcess, log: () => string): Promise<void> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`ollama serve ended with ${String(server.exitCode)}:\n${log()}`);
    if (performance.now() > endMs) throw new Error(`ollama serve did not answer on ${url} within 15 s:\n${log()}`);
    const answered = await fetch(`${url}/api/version`).then((response) => response.ok, () => false);
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  const patience = setTimeout(() => server.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // a server that listens on TCP has this and nothing else
  probe.close();
  await once(probe, 'close');
  return port;
}
