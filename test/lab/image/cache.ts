import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE } from '../place.ts';

/** Something that is built once and found again by what made it. */
export interface Recipe {
  /** What it is, for people and as the beginning of its folder's name. */
  readonly kind: string;
  /** Hash of all that decides its content. */
  readonly key: string;
  /** Fills an empty folder; what it leaves when it throws is removed with the lab’s other leftovers. */
  build(folder: string): Promise<void>;
}

/** Gives the folder of what a recipe makes, building it first where it is not there; older ones of its kind are removed. */
export async function ensureBuilt(recipe: Recipe): Promise<string> {
  const folder = join(CACHE, `${recipe.kind}-${recipe.key}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await recipe.build(partial);
  // Whole or not there at all: the name appears only when everything is in it. What a failed build leaves is for
  // removeLeftovers, which first ends those who may still be writing there.
  await rename(partial, folder);
  for (const name of await readdir(CACHE)) {
    if (name.startsWith(`${recipe.kind}-`) && join(CACHE, name) !== folder)
      await rm(join(CACHE, name), { recursive: true, force: true });
  }
  return folder;
}

/** Whether what a recipe makes is there already. */
export function isBuilt(recipe: Recipe): boolean {
  return existsSync(join(CACHE, `${recipe.kind}-${recipe.key}`));
}
