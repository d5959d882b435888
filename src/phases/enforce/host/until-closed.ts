import { appendAudit, type AuditLine } from '../../../apply/audit.ts';
import type { Host } from '../../../core/host.ts';
import type { PhaseTools } from '../../../core/phase.ts';

/** Gives each host a stack that lets its lock go and closes its connection. The stacks are disposed of last. */
export type OpenedHosts = () => AsyncDisposableStack;

/** The hosts that a run holds until its evidence is closed. */
export interface Held {
  readonly opened: OpenedHosts;
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
  const stacks: AsyncDisposableStack[] = [];
  const changed: { readonly host: Host; readonly line: AuditLine }[] = [];
  const end = async (manifest: string | undefined): Promise<readonly string[]> => {
    try {
      const warnings = await Promise.all(changed.map(({ host, line }) => close(host, line, manifest)));
      return warnings.flat();
    } finally {
      await disposeOf(stacks);
    }
  };
  try {
    return await work({
      opened: () => {
        const stack = new AsyncDisposableStack();
        stacks.push(stack);
        return stack;
      },
      changed: (host, line) => {
        if (line !== undefined) changed.push({ host, line });
      },
    });
  } finally {
    if (tools.whenClosed === undefined) await end(undefined);
    else tools.whenClosed(end);
  }
}

/** Lets all hosts go at once: one after the other, each would wait for the round trips of those before it. */
async function disposeOf(stacks: readonly AsyncDisposableStack[]): Promise<void> {
  const ended = await Promise.allSettled(stacks.map((stack) => stack.disposeAsync()));
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
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
