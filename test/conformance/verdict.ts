import type { Api, Client } from './case.ts';

/** How a case ended. `not offered`: the server has no such interface at all, so there is nothing to judge. */
export type Outcome = 'pass' | 'fail' | 'not applicable' | 'not offered';

/** One case of one client, judged. */
export interface Row {
  readonly client: Client;
  readonly theme: string;
  readonly id: string;
  readonly checks: string;
  readonly outcome: Outcome;
  /** What was wanted and seen, or why it does not apply, in one line; empty where it passed. */
  readonly detail: string;
  readonly ms: number;
}

/** All that was found out about a server. */
export interface Verdict {
  readonly version: 1;
  readonly target: { readonly url: string; readonly model: string; readonly embed: string | null };
  /** The packages that judged, with their versions. */
  readonly clients: Readonly<Record<string, string>>;
  /** Interfaces that the server has not, each with what it answered. */
  readonly lacking: Partial<Readonly<Record<Api, string>>>;
  readonly rows: readonly Row[];
}
