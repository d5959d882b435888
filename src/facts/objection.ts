/** A reason why enforce should not use an account or a folder of the host as it is. */
export interface Objection {
  /** Stable: `account.sudo`. */
  readonly code: string;
  /** Whether enforce refuses it; others are warnings. */
  readonly refused: boolean;
  readonly summary: string;
  readonly wanted: string;
  readonly seen: string;
  /** A command, or the variable to set. */
  readonly fix: string;
}
