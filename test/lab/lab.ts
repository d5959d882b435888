import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../src/core/problem.ts';
import { must, until } from './command.ts';
import { bootHost } from './host/boot.ts';
import { leaderOf, openHost, waitForHost, type LabHost } from './host/host.ts';
import { ensureBuilt, isBuilt, type Recipe } from './image/cache.ts';
import { debianRecipe } from './image/debian.ts';
import { startDirectory, type Directory } from './directory.ts';
import { directoryRecipe } from './image/directory.ts';
import { realRecipe } from './image/real.ts';
import { runtimeRecipe, simRecipe } from './image/sim.ts';
import { isClean, removeLeftovers, type Leftovers } from './leftovers.ts';
import { raiseBridge, startDns } from './network.ts';
import { ensurePackages, findMirror } from './packages.ts';
import { KEY, PLACES, STATE, type HostName } from './place.ts';
import { findRealOllama, findUnfitness, type OllamaKind } from './requirements.ts';

/** A lab that is up: every host booted, the zone served, Ollama answering. */
export interface Lab {
  readonly ollama: OllamaKind;
  readonly hosts: readonly LabHost[];
  host(name: HostName): LabHost;
  /** The domain controller of the zone, if the lab was brought up with one. */
  readonly directory?: Directory;
}

/** How to bring up a lab. */
export interface UpOptions {
  readonly ollama: OllamaKind;
  /** Whether the zone has a domain controller, and hx-api-server the programs of a member. */
  readonly directory?: boolean;
  readonly signal: AbortSignal;
  /** Progress, a line at a time. */
  readonly say: (line: string) => void;
}

const STATE_FILE = join(STATE, 'lab.json');

/**
 * Boots the lab. A lab that is up is returned as it is; leftovers of an interrupted one are removed first. If it fails or is
 * aborted, nothing stays. Problems: requirements that the machine lacks, and `lab.other-ollama`.
 */
export async function up(options: UpOptions): Promise<Result<Lab>> {
  const unfit = findUnfitness();
  if (unfit !== undefined) return fail(unfit);
  const running = openLab();
  if (running !== undefined && running.ollama !== options.ollama) {
    return fail({
      code: 'lab.other-ollama',
      summary: 'the lab is up with another Ollama',
      detail: `expected the ${options.ollama} one, found the ${running.ollama} one`,
      fix: 'npm run lab -- down',
    });
  }
  if (running !== undefined) return ok(running);
  const recipe = await serverRecipes(options);
  if (!recipe.ok) return recipe;
  try {
    if (!isClean(await removeLeftovers())) options.say('removed what an earlier lab had left');
    const directory = await boot(recipe.value, options);
    const lab = openLab();
    if (lab === undefined) throw new Error('the lab does not run right after it was started');
    return ok(directory === undefined ? lab : { ...lab, directory });
  } catch (error) {
    await removeLeftovers();
    throw error;
  }
}

/** Removes the lab and all leftovers of an interrupted one; returns what it found. */
export function down(): Promise<Leftovers> {
  return removeLeftovers();
}

/** The lab that is up, or `undefined` if there is none or one of its hosts is gone. */
export function openLab(): Lab | undefined {
  if (!existsSync(STATE_FILE) || PLACES.some(({ name }) => leaderOf(name) === undefined)) return undefined;
  // The lab's own file, written when everything was up.
  const { ollama } = JSON.parse(readFileSync(STATE_FILE, 'utf8')) as { readonly ollama: OllamaKind };
  const hosts = PLACES.map(openHost);
  return {
    ollama,
    hosts,
    host: (name) => {
      const found = hosts.find((host) => host.name === name);
      if (found === undefined) throw new Error(`the lab has no host ${name}`);
      return found;
    },
  };
}

/** The layers of the llm hosts on top of Debian, topmost first. */
async function serverRecipes(options: UpOptions): Promise<Result<readonly Recipe[]>> {
  if (options.ollama === 'sim') return ok([await simRecipe(), runtimeRecipe()]);
  const real = findRealOllama();
  return real.ok ? ok([await realRecipe(real.value, options.signal)]) : real;
}

async function boot(recipes: readonly Recipe[], options: UpOptions): Promise<Directory | undefined> {
  const { say, signal } = options;
  await ensurePackages(say, signal);
  const debian = debianRecipe(await findMirror(), signal);
  if (!isBuilt(debian)) say('building the Debian image, once; it takes about a minute');
  const image = await ensureBuilt(debian);
  const layers: string[] = [];
  for (const recipe of recipes) layers.push(await ensureBuilt(recipe));
  const members = options.directory === true ? [await ensureBuilt(directoryRecipe(image, signal))] : [];
  signal.throwIfAborted();
  say('booting the hosts');
  await mkdir(STATE, { recursive: true });
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'hxllm lab', '-f', KEY]);
  await raiseBridge();
  await all([
    startDns(signal),
    ...PLACES.map((place) => bootHost(place, [...(place.role === 'llm' ? layers : members), image])),
  ]);
  const starting = members.length === 0 ? undefined : startDirectory([...members, image], signal);
  await all([
    ...PLACES.map((place) => waitForHost(openHost(place), signal)),
    Promise.resolve(starting).then(() => undefined),
  ]);
  await all(
    PLACES.filter(({ role }) => role === 'llm').map(({ name, address }) =>
      until(`Ollama on ${name}`, 60_000, () => answers(address), signal),
    ),
  );
  await writeFile(STATE_FILE, `${JSON.stringify({ ollama: options.ollama })}\n`);
  return starting;
}

/** Waits for all of them, also if one has failed: nothing may be created while the rest is removed. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const settled of await Promise.allSettled(work)) if (settled.status === 'rejected') throw settled.reason;
}

async function answers(address: string): Promise<boolean> {
  return fetch(`http://${address}:11434/api/version`, { signal: AbortSignal.timeout(2000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}
