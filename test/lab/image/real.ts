import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentId } from '../../../src/core/hash.ts';
import { removeCgroups } from '../cgroup.ts';
import { quietPort } from '../../port.ts';
import { must, until } from '../command.ts';
import { startDetached } from '../network.ts';
import type { RealOllama } from '../requirements.ts';
import type { Recipe } from './cache.ts';
import { installUnit, SERVER_FOLDER, unitText } from './sim.ts';

/** The field's names, all of them for the one tiny model. */
const MODELS = ['phi3:3.8b-mini-128k-instruct-q8_0', 'llama3:8b-instruct-q8_0', 'nomic-embed-text:latest'];

const SETTINGS = ['OLLAMA_NUM_PARALLEL=2', 'OLLAMA_NO_CLOUD=1', 'OLLAMA_NOPRUNE=1'];

/** A layer with the real Ollama as the service `ollama`, serving a tiny model under the field's names. */
export async function realRecipe(ollama: RealOllama, signal: AbortSignal): Promise<Recipe> {
  const unit = unitText(`/${SERVER_FOLDER}/ollama serve`, [
    'OLLAMA_HOST=0.0.0.0:11434',
    `OLLAMA_MODELS=/${SERVER_FOLDER}/models`,
    ...SETTINGS,
  ]);
  return {
    kind: 'ollama',
    key: contentId(
      await digestOf(ollama.binary),
      await digestOf(ollama.weights),
      await readFile(ollama.modelfile),
      MODELS.join(','),
      unit,
    ),
    build: async (folder) => {
      const place = join(folder, SERVER_FOLDER);
      await mkdir(place, { recursive: true });
      await copyFile(ollama.binary, join(place, 'ollama'));
      await chmod(join(place, 'ollama'), 0o755);
      await createModels(ollama, join(place, 'models'), signal);
      await must(['chmod', '-R', 'a+rX', join(place, 'models')]);
      await installUnit(folder, unit);
    },
  };
}

/** Lets the server itself make the models, on this machine's loopback, since only it knows their format on disk. */
async function createModels(ollama: RealOllama, models: string, signal: AbortSignal): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'hxlab-ollama-'));
  const address = `127.0.0.1:${String(await quietPort())}`;
  const environment = { HOME: home, OLLAMA_HOST: address, OLLAMA_MODELS: models, OLLAMA_NO_CLOUD: '1' };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  try {
    await writeFile(
      join(home, 'Modelfile'),
      (await readFile(ollama.modelfile, 'utf8')).replace(/^FROM .*$/m, `FROM ${ollama.weights}`),
    );
    startDetached('build', ['env', ...assignments, ollama.binary, 'serve'], join(home, 'log'));
    await until(
      'the real Ollama to start',
      20_000,
      () =>
        fetch(`http://${address}/api/version`).then(
          (answer) => answer.ok,
          () => false,
        ),
      signal,
    );
    const [first = '', ...others] = MODELS;
    await must([ollama.binary, 'create', first, '-f', join(home, 'Modelfile')], { environment, signal });
    for (const name of others) await must([ollama.binary, 'cp', first, name], { environment, signal });
  } finally {
    await removeCgroups('build');
    await rm(home, { recursive: true, force: true });
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
