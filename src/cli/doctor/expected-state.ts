import { pathsOf, type HostConfig } from '../../config/config.ts';
import { sha256 } from '../../core/hash.ts';
import type { ExpectedState } from '../../phases/smoke/doctor/diagnosis.ts';
import type { HostPlace } from '../../phases/smoke/doctor/on-host.ts';
import { rendersToCompare } from '../../phases/validate/render.ts';
import { contentText } from '../../render/content.ts';

/** The state that the operator's files ask for on a host. Units are left out: a new version of hxllm may write other ones. */
export function expectedStateOf(host: HostConfig): ExpectedState {
  const { settings } = host;
  const { configFile, envFile } = pathsOf(settings);
  const files = rendersToCompare(host).flatMap(({ name, path, content }) => {
    const text = contentText(content);
    return text === undefined || /\.(?:service|socket)$/.test(name) ? [] : [[path, sha256(text)] as const];
  });
  return {
    serviceManager: settings.serviceManager,
    port: settings.port,
    configFile,
    envFile,
    routingStrategy: settings.routingStrategy,
    models: (settings.models ?? []).map(({ name, model, numCtx, mode }) => ({ name, model, numCtx, mode })),
    files: new Map(files),
  };
}

/** The parts of a host's configuration that the questions to it name. */
export function hostPlaceOf({ settings, become }: HostConfig, { files }: ExpectedState): HostPlace {
  return {
    ...pathsOf(settings),
    serviceManager: settings.serviceManager,
    user: settings.user,
    become,
    port: settings.port,
    backends: (settings.backends ?? []).map(({ url }) => url),
    models: [...new Set((settings.models ?? []).map(({ model }) => model))],
    files: [...files.keys()],
  };
}
