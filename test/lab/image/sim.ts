import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { contentId } from '../../../src/core/hash.ts';
import type { Recipe } from './cache.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The path of the server on an llm host, simulated or real. */
export const SERVER_FOLDER = 'opt/ollama';

/** A layer with the runtime that the simulation runs on: the same pinned Node that hxllm ships. */
export function runtimeRecipe(): Recipe {
  return {
    kind: 'runtime',
    key: contentId(process.arch, process.version),
    build: async (folder) => {
      await mkdir(join(folder, SERVER_FOLDER), { recursive: true });
      // The tests run on the pinned Node themselves, and it needs nothing that the image lacks.
      await copyFile(process.execPath, join(folder, SERVER_FOLDER, 'node'));
    },
  };
}

/** A layer with the simulated Ollama as the service `ollama`. */
export async function simRecipe(): Promise<Recipe> {
  const program = await bundleSim();
  const unit = unitText(
    `/${SERVER_FOLDER}/node /${SERVER_FOLDER}/sim.mjs --host 0.0.0.0 --port 11434 --num-parallel 4`,
    [],
  );
  return {
    kind: 'sim',
    key: contentId(program, unit),
    build: async (folder) => {
      await mkdir(join(folder, SERVER_FOLDER), { recursive: true });
      await writeFile(join(folder, SERVER_FOLDER, 'sim.mjs'), program);
      await installUnit(folder, unit);
    },
  };
}

/** The unit of an Ollama: with a user of its own that has a home, as the real one needs, and restarted in every case. */
export function unitText(command: string, environment: readonly string[]): string {
  return [
    '[Unit]',
    'Description=Ollama',
    'After=network.target',
    '',
    '[Service]',
    `ExecStart=${command}`,
    'User=ollama',
    'DynamicUser=yes',
    'StateDirectory=ollama',
    'Environment=HOME=/var/lib/ollama',
    ...environment.map((each) => `Environment=${each}`),
    'Restart=always',
    'RestartSec=1',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** Puts the unit into a layer, enabled. */
export async function installUnit(folder: string, unit: string): Promise<void> {
  const wants = join(folder, 'etc/systemd/system/multi-user.target.wants');
  await mkdir(wants, { recursive: true });
  await writeFile(join(folder, 'etc/systemd/system/ollama.service'), unit);
  await symlink('/etc/systemd/system/ollama.service', join(wants, 'ollama.service'));
}

async function bundleSim(): Promise<string> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/sim/main.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error('esbuild wrote nothing');
  return output.text;
}
