import { sha256 } from '../../core/hash.ts';
import type { Prepared } from './prepare.ts';

/**
 * The SHA-256 of the runtime, the release and the rendered files as they should be on the host, and of the files as they were found. A file
 * with the master key has none: a weak key could be guessed from it.
 */
export function hashesOf({ desired: { release, files }, actual: { installation } }: Prepared): object {
  const { runtime, runtimeFolder } = release;
  return {
    runtime: {
      path: `${runtimeFolder}/bin/node`,
      version: runtime.version,
      architecture: runtime.architecture,
      sha256: runtime.sha256,
    },
    release: {
      id: release.id,
      version: release.build.version,
      files: release.files.map((file) => ({ path: `${release.folder}/${file.name}`, sha256: file.sha256 })),
    },
    files: files.map(({ path, content }) =>
      content.kind === 'text'
        ? { path, sha256: sha256(content.text), found: installation.entries.get(path)?.sha256 ?? null }
        : { path, secret: true },
    ),
  };
}
