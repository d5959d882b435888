import type { Desired } from '../render/desired.ts';
import type { Step } from './plan.ts';
import type { Actual } from './actual.ts';

/** Sends the runtime, unless the host has it with the right hash. */
export function planRuntime({ release, compress }: Desired, { installation }: Actual): readonly Step[] {
  const { runtime, runtimeFolder } = release;
  const name = runtimeFolder.slice(runtimeFolder.lastIndexOf('/') + 1);
  if (installation.runtimes.some((one) => one.name === name && one.sha256 === runtime.sha256 && one.intact)) return [];
  const damaged = installation.runtimes.some((one) => one.name === name && one.sha256 !== '');
  const path = `${runtimeFolder}/bin/node`;
  return [
    {
      id: 'runtime',
      title: `send Node.js ${runtime.version} for ${runtime.architecture} (${String(Math.round(runtime.sizeBytes / 1e6))} MB)`,
      detail: `${path}: ${damaged ? 'differs from the sent file' : 'missing'}`,
      stage: 'prepare',
      verb: 'send',
      actions: [
        {
          kind: 'upload',
          source: {
            file: runtime.file,
            sizeBytes: runtime.sizeBytes,
            ...(runtime.packed === undefined ? {} : { packed: runtime.packed }),
          },
          path,
          sha256: runtime.sha256,
          mode: 0o755,
          compress,
          manifest: `${runtimeFolder}/manifest`,
        },
      ],
    },
  ];
}

/** Sends the files of the release. Nothing uses them until `current` links to it. */
export function planRelease({ release, compress }: Desired, { installation }: Actual): readonly Step[] {
  const missing = release.files.filter(
    ({ name, sha256 }) => installation.releases.get(`${release.id}/${name}`) !== sha256,
  );
  // The same release of a later commit has another date, and is the same all the same.
  if (missing.every(({ name }) => name === 'release.json' && installation.releases.has(`${release.id}/${name}`)))
    return [];
  return [
    {
      id: 'release',
      title: `send the gateway ${release.build.version} as release ${release.id}`,
      detail: missing
        .map(
          (file) =>
            `${release.folder}/${file.name}: ${installation.releases.has(`${release.id}/${file.name}`) ? 'changed since it was sent' : 'missing'}`,
        )
        .join('\n'),
      stage: 'prepare',
      verb: 'send',
      actions: missing.map((file) => ({
        kind: 'upload',
        source: { text: file.content },
        path: `${release.folder}/${file.name}`,
        sha256: file.sha256,
        mode: file.mode,
        compress,
      })),
    },
  ];
}

/** Links `current` to the release. */
export function planCurrent({ release, paths }: Desired, { installation }: Actual): readonly Step[] {
  if (installation.current === release.id) return [];
  return [
    {
      id: 'release.current',
      title: `switch to release ${release.id}`,
      detail: `${paths.current}: expected releases/${release.id}, found ${installation.current === undefined ? 'nothing' : `releases/${installation.current}`}`,
      stage: 'switch',
      verb: 'switch',
      actions: [{ kind: 'link', path: paths.current, target: `releases/${release.id}` }],
    },
  ];
}
