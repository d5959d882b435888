import { appendAudit, type AuditLine } from '../../../apply/audit.ts';
import type { Host } from '../../../core/host.ts';
import type { PhaseTools } from '../../../core/phase.ts';

/** The hosts that a run holds until its evidence is closed. */
export interface Held {
  /** Disposed of last: it closes connections and lets locks go. */
  readonly opened: AsyncDisposableStack;
  /** Notes that a host was changed under this line of its audit log. */
  changed(host: Host, line: AuditLine | undefined): void;
}

/**
 * Does the work of a run that holds hosts. Their locks are let go only when the evidence is closed, after the hash of its manifest was
 * appended to the audit logs: so the log of a host names the runs in their order.
 */
export async function untilClosed<T>(
  tools: Pick<PhaseTools, 'whenClosed'>,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const opened = new AsyncDisposableStack();
  const changed: { readonly host: Host; readonly line: AuditLine }[] = [];
  const end = async (manifest: string | undefined): Promise<readonly string[]> => {
    await using _ = opened;
    const warnings = await Promise.all(changed.map(({ host, line }) => close(host, line, manifest)));
    return warnings.flat();
  };
  try {
    return await work({
      opened,
      changed: (host, line) => {
        if (line !== undefined) changed.push({ host, line });
      },
    });
  } finally {
    if (tools.whenClosed === undefined) await end(undefined);
    else tools.whenClosed(end);
  }
}

async function close(
  host: Host,
  { file, entry: { run, record } }: AuditLine,
  manifest: string | undefined,
): Promise<readonly string[]> {
  const warnings = await appendAudit(host, {
    file,
    entry: { event: 'closed', run, record, manifest: manifest ?? null },
  });
  return warnings.map((text) => `${host.name}: ${text}`);
}
