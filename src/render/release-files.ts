import { pathsOf, type Settings } from '../config/config.ts';
import { writeBuild, type Build } from '../core/build.ts';
import { contentId, sha256 } from '../core/hash.ts';
import { MARK_LINE } from '../core/mark.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { configYamlSchema } from '../schema/document-schema.ts';
import type { Bundle, Runtime } from './release.ts';
import { renderTemplate } from './template.ts';

/** A release on a host: a folder named by its content, and the runtime that it starts. */
export interface Release {
  readonly id: string;
  readonly folder: string;
  readonly build: Build;
  readonly runtimeFolder: string;
  readonly runtime: Runtime;
  /** `gateway`, the wrapper, `gateway.mjs`, the schema of the config.yaml that it reads, and `release.json`, which says its age. */
  readonly files: readonly ReleaseFile[];
}

/** One file of a release. */
export interface ReleaseFile {
  readonly name: 'gateway' | 'gateway.mjs' | 'config.schema.json' | 'release.json';
  readonly content: string;
  readonly sha256: string;
  readonly mode: number;
}

/** Combines bundle and runtime. Equal ones give the same id, and so the same folder. */
export function renderRelease(settings: Settings, bundle: Bundle, runtime: Runtime): Result<Release> {
  const paths = pathsOf(settings);
  if (paths.installDir.includes("'")) {
    return fail({
      code: 'variables.unsuitable',
      summary: 'litellm_install_dir has a single quote',
      detail: `Expected a path without quotes, found ${paths.installDir}.`,
      fix: 'set litellm_install_dir or litellm_prefix',
      where: { path: 'litellm_install_dir' },
    });
  }
  const runtimeFolder = `${paths.runtimes}/node-${runtime.version}-${runtime.sha256.slice(0, 12)}`;
  const wrapper = renderTemplate('gateway', { mark: MARK_LINE, runtime: `${runtimeFolder}/bin/node` });
  if (!wrapper.ok) return wrapper;
  const schema = `${JSON.stringify(configYamlSchema())}\n`;
  // The date is no part of the id: a commit that changes nothing here is no new release.
  const build = { version: bundle.version, committedAt: bundle.committedAt };
  const about = writeBuild(build);
  const id = contentId(bundle.content, wrapper.value, schema);
  return ok({
    id,
    folder: `${paths.releases}/${id}`,
    build,
    runtimeFolder,
    runtime,
    files: [
      { name: 'gateway.mjs', content: bundle.content, sha256: bundle.sha256, mode: 0o644 },
      { name: 'gateway', content: wrapper.value, sha256: sha256(wrapper.value), mode: 0o755 },
      { name: 'config.schema.json', content: schema, sha256: sha256(schema), mode: 0o644 },
      { name: 'release.json', content: about, sha256: sha256(about), mode: 0o644 },
    ],
  });
}
