import type { Api, Client } from './case.ts';

/** The result of a case. `not offered`: the server does not have the interface, so there is nothing to judge. */
export type Outcome = 'pass' | 'fail' | 'not applicable' | 'not offered';

/** One case of one client, judged. */
export interface Row {
  readonly client: Client;
  readonly theme: string;
  readonly id: string;
  readonly checks: string;
  readonly outcome: Outcome;
  /** Expected and found, or why the case does not apply, in one line; empty if it passed. */
  readonly detail: string;
  readonly ms: number;
}

/** The results of a server. */
export interface Verdict {
  readonly version: 1;
  readonly target: { readonly url: string; readonly model: string; readonly embed: string | null };
  /** The packages that judged, with their versions. */
  readonly clients: Readonly<Record<string, string>>;
  /** Interfaces that the server does not have, each with its response. */
  readonly lacking: Partial<Readonly<Record<Api, string>>>;
  readonly rows: readonly Row[];
}
