import type { Desired } from '../render/desired.ts';
import type { Step } from './plan.ts';
import type { Actual } from './actual.ts';

/** The runtime, unless it is there with the right hash. */
export function planRuntime({ release, compress }: Desired, { installation }: Actual): readonly Step[] {
  const { runtime, runtimeFolder } = release;
  const name = runtimeFolder.slice(runtimeFolder.lastIndexOf('/') + 1);
  if (installation.runtimes.some((one) => one.name === name && one.sha256 === runtime.sha256 && one.intact)) return [];
  const damaged = installation.runtimes.some((one) => one.name === name);
  const path = `${runtimeFolder}/bin/node`;
  return [
    {
      id: 'runtime',
      title: `send Node.js ${runtime.version} for ${runtime.architecture} (${String(Math.round(runtime.sizeBytes / 1e6))} MB)`,
      detail: `${path}: ${damaged ? 'is not what was sent' : 'is not there'}`,
      stage: 'prepare',
      verb: 'send',
      actions: [
        {
          kind: 'upload',
          source: { file: runtime.file, sizeBytes: runtime.sizeBytes },
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

/** The files of the release; nobody uses them until `current` leads there. */
export function planRelease({ release, compress }: Desired, { installation }: Actual): readonly Step[] {
  const missing = release.files.filter(
    (file) => installation.releases.get(`${release.id}/${file.name}`) !== file.sha256,
  );
  if (missing.length === 0) return [];
  return [
    {
      id: 'release',
      title: `send the gateway ${release.version} as release ${release.id}`,
      detail: missing
        .map(
          (file) =>
            `${release.folder}/${file.name}: ${installation.releases.has(`${release.id}/${file.name}`) ? 'was changed' : 'is not there'}`,
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

/** Moves `current` to the release. */
export function planCurrent({ release, paths }: Desired, { installation }: Actual): readonly Step[] {
  if (installation.current === release.id) return [];
  return [
    {
      id: 'release.current',
      title: `make ${release.id} the current release`,
      detail: `${paths.current} leads to ${installation.current ?? 'nothing yet'}, wanted releases/${release.id}`,
      stage: 'switch',
      verb: 'switch',
      actions: [{ kind: 'link', path: paths.current, target: `releases/${release.id}` }],
    },
  ];
}
