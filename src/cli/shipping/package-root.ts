import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that holds package.json: the repository, or the installed package (`dist` has the depth of `src`). */
export const PACKAGE_ROOT = join(import.meta.dirname, '../../..');

/** The folder of files that hxllm keeps to be faster, and makes again where they are missing. */
export const MADE_AGAIN = join(PACKAGE_ROOT, 'node_modules/.cache/hxllm');

/** The folder of a package for machines without internet, with a runtime for each architecture. */
export const RUNTIMES = 'runtimes';

/** The parts of package.json that hxllm reads. */
export interface PackageManifest {
  readonly version: string;
  /** The pinned version of each package with a runtime. */
  readonly runtimes: Readonly<Record<string, string>>;
}

/** Reads this package's package.json. */
export async function readManifest(): Promise<PackageManifest> {
  // The package's own file, shipped with this code, so its shape is known. One for machines without internet has the runtimes inside.
  const { version, optionalDependencies, runtimes } = JSON.parse(
    await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8'),
  ) as PackageManifest & { readonly optionalDependencies?: PackageManifest['runtimes'] };
  return { version, runtimes: optionalDependencies ?? runtimes };
}
