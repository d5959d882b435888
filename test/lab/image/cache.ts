import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, PARTIAL } from '../place.ts';

/** A thing that is built once, and found again by the hash of its recipe. */
export interface Recipe {
  /** The name for people, and the beginning of its folder's name. */
  readonly kind: string;
  /** Hash of everything that decides its content. */
  readonly key: string;
  /** Fills an empty folder; a folder that is left when it throws is removed with the lab's other leftovers. */
  build(folder: string): Promise<void>;
}

/** Returns the folder of a recipe, and builds it first if it is missing; older ones of its kind are removed. */
export async function ensureBuilt(recipe: Recipe): Promise<string> {
  const folder = join(CACHE, `${recipe.kind}-${recipe.key}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}${PARTIAL}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await recipe.build(partial);
  // Complete or absent: the name appears only when everything is in it. The rest of a failed build is for removeLeftovers, which
  // first ends processes that may still write there.
  await rename(partial, folder);
  for (const name of await readdir(CACHE)) {
    if (name.startsWith(`${recipe.kind}-`) && join(CACHE, name) !== folder)
      await rm(join(CACHE, name), { recursive: true, force: true });
  }
  return folder;
}

/** Whether the result of a recipe exists. */
export function isBuilt(recipe: Recipe): boolean {
  return existsSync(join(CACHE, `${recipe.kind}-${recipe.key}`));
}
