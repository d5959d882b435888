import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findRealOllama } from '../lab/requirements.ts';
import { until } from '../until.ts';

/** A real Ollama server, started by a test. */
export interface RealServer {
  readonly url: string;
  /** The processes of its models. */
  runners(): Promise<readonly number[]>;
  /** Its output so far. */
  log(): string;
  close(): Promise<void>;
}

/**
 * The setup of the server. It has `tiny` (with tools), `tiny-plain`, the field's name for `tiny`, and `others` (`other`), each of
 * weights of its own. `wide` is trained for 65,536 tokens, and its Modelfile states no context; its weights are those of `tiny`, or a file.
 */
export interface RealOptions {
  readonly others?: readonly string[];
  readonly wide?: boolean | string;
  readonly numParallel?: number;
  readonly maxLoadedModels?: number;
  /** The context of models that state none; without it Ollama's own, 4,096 tokens. */
  readonly contextLength?: number;
}

/** The usual name of the chat model, as in the field. */
export const FIELD_MODEL = 'phi3:3.8b-mini-128k-instruct-q8_0';

/** Why the tests with the real Ollama are left out here; `false` if they run. */
export function whyNoRealOllama(): string | false {
  const found = findRealOllama();
  return found.ok ? false : `${found.problems[0].summary}: ${found.problems[0].detail}`;
}

/** Starts a real server on a free port, with its own home and models in a temporary folder that is removed with it. */
export async function startRealOllama(options: RealOptions = {}): Promise<RealServer> {
  const found = findRealOllama();
  if (!found.ok) throw new Error(found.problems[0].detail);
  const { binary } = found.value;
  const home = await mkdtemp(join(tmpdir(), 'hxllm-ollama-'));
  const environment = {
    PATH: process.env['PATH'],
    HOME: home,
    OLLAMA_HOST: '127.0.0.1:0',
    OLLAMA_MODELS: join(home, 'models'),
    OLLAMA_NUM_PARALLEL: String(options.numParallel ?? 2),
    OLLAMA_MAX_LOADED_MODELS: String(options.maxLoadedModels ?? 1),
    ...(options.contextLength === undefined ? {} : { OLLAMA_CONTEXT_LENGTH: String(options.contextLength) }),
    OLLAMA_NO_CLOUD: '1',
  };
  // A process group of its own: its runners outlive it when it is killed.
  const server = spawn(binary, ['serve'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let log = '';
  for (const output of [server.stdout, server.stderr])
    output.setEncoding('utf8').on('data', (text: string) => (log += text));
  const kill = (): void => {
    killGroup(server);
    rmSync(home, { recursive: true, force: true });
  };
  // A test that ends early, or is ended, ends its server.
  process.on('exit', kill);
  const end = (): never => process.exit(130);
  process.on('SIGTERM', end).on('SIGINT', end);
  const close = async (): Promise<void> => {
    await stop(server);
    process.off('exit', kill).off('SIGTERM', end).off('SIGINT', end);
    await rm(home, { recursive: true, force: true });
  };
  try {
    const address = await findAddress(server, () => log);
    await createModels(
      binary,
      home,
      { ...environment, OLLAMA_HOST: address },
      options.others ?? ['other'],
      options.wide,
    );
    return { url: `http://${address}`, runners: () => childrenOf(server.pid), log: () => log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts two; if one does not start, the other is ended. */
export async function startTwoRealOllamas(options: RealOptions = {}): Promise<readonly [RealServer, RealServer]> {
  const [first, second] = await Promise.allSettled([startRealOllama(options), startRealOllama(options)]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  for (const one of [first, second]) if (one.status === 'fulfilled') await one.value.close();
  throw [first, second].find((one) => one.status === 'rejected')?.reason;
}

async function createModels(
  binary: string,
  home: string,
  environment: NodeJS.ProcessEnv,
  others: readonly string[],
  wide: boolean | string = false,
): Promise<void> {
  const folder = join(binary, '..');
  for (const name of ['tiny.gguf', 'tiny.Modelfile', 'tiny-plain.Modelfile'])
    await cp(join(folder, name), join(home, name));
  // The last byte belongs to a weight: with another value the file is another, and the model is as good as before.
  const weights = await readFile(join(home, 'tiny.gguf'));
  const modelfile = await readFile(join(home, 'tiny.Modelfile'), 'utf8');
  for (const [index, name] of others.entries()) {
    const copy = Buffer.from(weights);
    copy[copy.length - 4] = (copy[copy.length - 4] ?? 0) ^ (index + 1);
    await writeFile(join(home, `${name}.gguf`), copy);
    await writeFile(join(home, `${name}.Modelfile`), modelfile.replace('./tiny.gguf', `./${name}.gguf`));
  }
  if (wide !== false) {
    const own = typeof wide === 'string' ? await readFile(wide) : weights;
    await writeFile(join(home, 'wide.gguf'), trainedFor(65_536, own));
    const bare = modelfile.replace('./tiny.gguf', './wide.gguf').replace(/^PARAMETER num_ctx .*\n/m, '');
    await writeFile(join(home, 'wide.Modelfile'), bare);
  }
  const run = (...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)(binary, args, { cwd: home, env: environment, timeout: 60_000 });
  for (const name of ['tiny', 'tiny-plain', ...others, ...(wide === false ? [] : ['wide'])])
    await run('create', name, '-f', `${name}.Modelfile`);
  await run('cp', 'tiny', FIELD_MODEL);
}

/** The same model trained for another context: a number of its header (GGUF: the key, the type of four bytes, the value). */
function trainedFor(tokens: number, weights: Buffer): Buffer {
  const key = 'llama.context_length';
  const at = weights.indexOf(key) + key.length;
  assert.ok(at > key.length && weights.readUInt32LE(at) === 4, 'expected the context as a number of 32 bits');
  const copy = Buffer.from(weights);
  copy.writeUInt32LE(tokens, at + 4);
  return copy;
}

/** The address in the server's first output: the server chooses the port itself, so no other program has it. */
async function findAddress(server: ChildProcess, log: () => string): Promise<string> {
  const listening = (): string | undefined => /Listening on (127\.0\.0\.1:\d+)/.exec(log())?.[1];
  await until('ollama serve listens', () => listening() !== undefined || server.exitCode !== null, 60_000);
  return listening() ?? assert.fail(`ollama serve ended with ${String(server.exitCode)}:\n${log()}`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    const patience = setTimeout(() => server.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(patience);
  }
  killGroup(server);
}

async function childrenOf(parent: number | undefined): Promise<readonly number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(all.map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')));
  // Behind the name of the program: its state, and its parent.
  return stats.flatMap((stat) =>
    Number(/\) \S (\d+) /.exec(stat)?.[1]) === parent ? [Number.parseInt(stat, 10)] : [],
  );
}

/** Ends the rest of a server and its runners. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // No process is left.
  }
}
