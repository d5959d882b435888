import type { HostConfig } from '../../config/config.ts';
import { masterKeyOf } from '../../config/requirements.ts';
import { ok, type Result } from '../../core/problem.ts';
import type { ResolvedMasterKey } from '../../render/host-files.ts';

/** The master key of a host. Without a key a real run stops; a dry run continues, and the step that needs the key is unknown. */
export function resolveMasterKey(host: HostConfig, dryRun: boolean): Result<ResolvedMasterKey> {
  const key = masterKeyOf(host, 'hxllm enforce');
  if (key.ok) return ok({ key: key.value.key, previous: key.value.previous });
  const [{ summary, fix }] = key.problems;
  return dryRun ? ok({ why: `${summary}: ${fix}` }) : key;
}
