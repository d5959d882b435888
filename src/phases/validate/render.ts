import type { HostConfig } from '../../config/config.ts';
import type { Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';
import type { DesiredFile } from '../../render/content.ts';
import { contentText } from '../../render/content.ts';
import { renderHostFiles } from '../../render/host-files.ts';

/** What stands for the key in renders that are kept; it is not shown there in any case. */
const PLACEHOLDER = '[redacted]';

/** Renders everything for a host. Without the key a placeholder stands in its place. */
export function renderFor({ settings }: HostConfig): Result<readonly DesiredFile[]> {
  const { masterKey } = settings;
  return renderHostFiles(settings, { key: masterKey.state === 'set' ? masterKey.key : new Secret(PLACEHOLDER) });
}

/** The same renders as they may be kept: of the environment file the one with the placeholder. */
export function rendersToKeep({ settings }: HostConfig): ReadonlyMap<string, string> {
  const files = renderHostFiles(settings, { key: new Secret(PLACEHOLDER) });
  return new Map((files.ok ? files.value : []).map((file) => [file.name, contentText(file.content) ?? '']));
}
