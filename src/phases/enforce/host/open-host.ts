import { takeLock, type LockToken } from '../../../apply/lock.ts';
import { becomeOf, type HostConfig } from '../../../config/config.ts';
import { contentId } from '../../../core/hash.ts';
import type { Host } from '../../../core/host.ts';
import { randomId } from '../../../core/id.ts';
import type { PhaseTools } from '../../../core/phase.ts';
import { ok, type Result } from '../../../core/problem.ts';

/** A connected host, with the token of its lock if something may be changed. */
export interface HostAccess {
  readonly host: Host;
  readonly lockToken: LockToken | undefined;
}

/**
 * Connects to a host and, if something may be changed, takes its lock. Both are held until `opened` is disposed of, so that
 * the host cannot change between plan and apply.
 */
export async function openHost(
  { target, settings }: HostConfig,
  changes: boolean,
  { connect, recorder, signal }: PhaseTools,
  opened: AsyncDisposableStack,
): Promise<Result<HostAccess>> {
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) return connected;
  const host = connected.value;
  opened.defer(() => host.close());
  if (changes) {
    const file =
      settings.serviceManager === 'systemd'
        ? '/run/hxllm.lock'
        : `/tmp/hxllm-${contentId(settings.prefix, settings.installDir)}.lock`;
    const taken = await takeLock(host, becomeOf(settings), { file, token: randomId() }, signal);
    if (!taken.ok) return taken;
    opened.defer(() => taken.value.release());
    return ok({ host, lockToken: taken.value.token });
  }
  return ok({ host, lockToken: undefined });
}
