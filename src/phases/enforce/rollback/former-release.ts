import { pathsOf, type Settings } from '../../../config/config.ts';
import type { DeploymentRecord } from '../../../core/deployment-record.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { Release, ReleaseFile } from '../../../render/release-files.ts';
import type { Runtime, Shipping } from '../../../render/release.ts';
import type { HostState } from '../host/inspect.ts';

const NAMES: readonly ReleaseFile['name'][] = ['gateway.mjs', 'gateway', 'config.schema.json', 'release.json'];

/** The release of an earlier deployment, which has to be on the host as it was sent. Its runtime may be sent again. */
export async function formerRelease(
  host: string,
  settings: Settings,
  { number, release, runtime }: DeploymentRecord,
  { installation, machine }: HostState,
  shipping: Shipping,
): Promise<Result<Release>> {
  const paths = pathsOf(settings);
  // Its text is on the host alone: nothing else knows which keys are valid now.
  if (installation.entries.get(paths.envFile)?.kind !== 'file')
    return fail({
      code: 'rollback.no-key',
      summary: 'the host has no master key',
      detail: `Expected ${paths.envFile}, which a rollback keeps, found none.`,
      fix: `hxllm enforce --limit ${host} --ask-vault-pass  # writes it, and deploys your files`,
      where: { host },
    });
  const lost = [paths.tlsCertFile, paths.tlsKeyFile].find((path) => installation.entries.get(path)?.kind !== 'file');
  if (settings.tls?.from === 'sent' && lost !== undefined)
    return fail({
      code: 'rollback.no-certificate',
      summary: 'the host has no certificate and private key',
      detail: `Expected ${lost}, which a rollback keeps, found none: deployment ${String(number)} speaks TLS, and the running one does not.`,
      fix: `hxllm enforce --limit ${host} --ask-vault-pass  # with litellm_tls_cert and litellm_tls_key`,
      where: { host },
    });
  const damaged = Object.entries(release.files).filter(([name, hash]) => {
    const found = installation.releases.get(`${release.id}/${name}`);
    // The same release of a later commit has another date, and is the same all the same.
    return name === 'release.json' ? found === undefined : found !== hash;
  });
  if (damaged.length > 0)
    return fail({
      code: 'rollback.release',
      summary: `the release of deployment ${String(number)} is not what was deployed`,
      detail: `Expected the files of ${paths.releases}/${release.id} as they were sent, found other ones, or none: ${damaged.map(([name]) => name).join(', ')}.`,
      fix: `install hxllm ${release.version} here, then: hxllm enforce --allow-downgrade`,
      where: { host },
    });
  const found = installation.runtimes.find(({ name }) => name === runtime.name);
  const isThere = found?.intact === true && found.sha256 === runtime.sha256;
  const { architecture } = machine;
  const own = isThere || architecture === undefined ? undefined : await shipping.runtime(architecture);
  const sent = own?.ok === true && own.value.sha256 === runtime.sha256 ? own.value : undefined;
  if (!isThere && sent === undefined)
    return fail({
      code: 'rollback.runtime',
      summary: `the runtime of deployment ${String(number)} is not what was deployed`,
      detail: `Expected ${paths.runtimes}/${runtime.name} as it was sent, found it changed or missing, and this hxllm carries another runtime.`,
      fix: `install hxllm ${release.version} here, then: hxllm enforce --allow-downgrade`,
      where: { host },
    });
  const there: Runtime = {
    version: /^node-(.+)-[0-9a-f]{12}$/.exec(runtime.name)?.[1] ?? runtime.name,
    architecture: architecture ?? 'x64',
    file: '',
    sha256: runtime.sha256,
    sizeBytes: 0,
  };
  return ok({
    id: release.id,
    folder: `${paths.releases}/${release.id}`,
    build: { version: release.version, committedAt: release.committed },
    runtimeFolder: `${paths.runtimes}/${runtime.name}`,
    runtime: sent ?? there,
    files: NAMES.flatMap((name) => {
      const hash = release.files[name];
      return hash === undefined ? [] : [{ name, content: '', sha256: hash, mode: name === 'gateway' ? 0o755 : 0o644 }];
    }),
  });
}
