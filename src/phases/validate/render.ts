import type { HostConfig } from '../../config/config.ts';
import type { Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';
import type { DesiredFile } from '../../render/content.ts';
import { contentText } from '../../render/content.ts';
import { renderHostFiles } from '../../render/host-files.ts';

/** Replaces the key in renders that are kept. */
const PLACEHOLDER = '[redacted]';

/** Renders all files for a host. Without the master key a placeholder replaces it. */
export function renderFor({ settings }: HostConfig): Result<readonly DesiredFile[]> {
  const { masterKey } = settings;
  return renderHostFiles(settings, masterKey.state === 'set' ? masterKey : { key: new Secret(PLACEHOLDER) });
}

/** The same renders for the evidence: always with the placeholder instead of every key. */
export function rendersToKeep({ settings }: HostConfig): ReadonlyMap<string, string> {
  const { masterKey } = settings;
  const key = new Secret(PLACEHOLDER);
  const isRotated = masterKey.state === 'set' && masterKey.previous !== undefined;
  const files = renderHostFiles(settings, { key, ...(isRotated ? { previous: key } : {}) });
  return new Map(
    (files.ok ? files.value : []).map((file) => [
      file.name,
      file.name === 'tls-key.pem' ? PLACEHOLDER : (contentText(file.content) ?? ''),
    ]),
  );
}

/** The same renders to compare with those on the host: a file whose secret is in a locked vault has no content. */
export function rendersToCompare({ settings }: HostConfig): readonly DesiredFile[] {
  const { masterKey } = settings;
  const files = renderHostFiles(settings, masterKey.state === 'set' ? masterKey : { why: 'the vault is locked' });
  return files.ok ? files.value.filter(({ content }) => content.kind !== 'unknown') : [];
}
