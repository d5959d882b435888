import { sha256 } from '../core/hash.ts';

/** The fingerprint of a release and its rendered files, in the order of rendering: a hash of all but config.yaml, a dot, and a hash of config.yaml. */
export function fingerprintOf(
  release: string,
  files: readonly { readonly path: string; readonly sha256: string }[],
  configFile: string,
): string {
  const lines = (isConfig: boolean): string =>
    files
      .filter(({ path }) => (path === configFile) === isConfig)
      .map((file) => `${file.path} ${file.sha256}`)
      .join('\n');
  return `${sha256(`${release}\n${lines(false)}`)}.${sha256(lines(true))}`;
}
