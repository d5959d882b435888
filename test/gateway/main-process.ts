import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { until } from './running.ts';

export const MAIN = join(import.meta.dirname, '../../src/gateway/main.ts');

export const running = new Set<ChildProcess>();

export interface Run {
  readonly child: ChildProcess;
  out: string;
  err: string;
  readonly code: Promise<number | null>;
}

export function watch(child: ChildProcess): Run {
  running.add(child);
  child.once('close', () => running.delete(child));
  const run: Run = { child, out: '', err: '', code: once(child, 'close').then(([code]) => code as number | null) };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    run.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    run.err += text;
  });
  return run;
}

export function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  return watch(spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...environment } }));
}

export async function addressOf(run: Run): Promise<string> {
  await until('it listens', () => run.out.includes('"listening"') || run.child.exitCode !== null, 30_000);
  const line = JSON.parse(run.out.split('\n').find((text) => text.includes('"listening"')) ?? '') as {
    addresses: string[];
  };
  return line.addresses[0] ?? '';
}

export const MASTER = { general_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY' } };

/** A folder for the configurations of one test file, which ends every process that a failed test leaves: it would keep the file from ending. */
export async function configFolder(): Promise<{
  readonly folder: string;
  /** Writes a configuration with one model, and returns its path. */
  readonly write: (name: string, config: object, backend?: string) => Promise<string>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-gateway-'));
  after(() => rm(folder, { recursive: true }));
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  return {
    folder,
    write: async (name, config, backend = 'http://127.0.0.1:9') => {
      const file = join(folder, name);
      const model_list = [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: backend } }];
      await writeFile(file, JSON.stringify({ model_list, ...config }));
      return file;
    },
  };
}
