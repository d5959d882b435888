/** A line of a host's audit log, without the time and the login, which the host adds. No member is a secret. */
export type AuditEntry =
  | {
      /** The first act of a run that changes the host. */
      readonly event: 'switch' | 'reload' | 'uninstall';
      /** `hxllm rollback 3` */
      readonly command: string;
      /** The run in the operator's evidence: `enforce/20261130T010203Z`. */
      readonly run: string;
      /** Its id in the host's own record. */
      readonly record: string;
      /** The operator and the machine, as they name themselves. */
      readonly by: string;
      readonly deployment: number | null;
      /** The SHA-256 of the plan. */
      readonly plan: string;
      /** The SHA-256 of the manifest that the evidence's chain ended with; null at its beginning. */
      readonly before: string | null;
    }
  | {
      /** The last act of that run, before the lock is let go. */
      readonly event: 'closed';
      readonly run: string;
      readonly record: string;
      /** The SHA-256 of its manifest; null if its evidence was not kept. */
      readonly manifest: string | null;
    };
