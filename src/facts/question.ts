/**
 * One thing to ask a host: a fixed bash script and how its answer is read. The script changes nothing, gets its
 * parameters as `$1`, `$2` …, reads no input, and finds only what a minimal Debian has (bash, coreutils, no curl, no Python).
 */
export interface Question<T> {
  readonly script: string;
  readonly arguments?: readonly string[];
  /** `root` goes through `sudo -n` where the user is not root; without it the answer is unknown. */
  readonly as: 'user' | 'root';
  /** After this the host gives up on the question; 10 s where nothing is said. */
  readonly timeoutS?: number;
  /** Pure. Throws when the answer makes no sense, which makes the fact unknown. */
  parse(answer: Answer): T;
}

/** What the script wrote to stdout (its stderr is not kept), and how it ended; 124 where it took too long. */
export interface Answer {
  readonly stdout: string;
  readonly exitCode: number;
}

/** What is known of a host, or why it is not; `lacksRoot`: sudo did not let it be asked. */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string; readonly lacksRoot?: true };

/** Questions by name. */
export type Questions = Readonly<Record<string, Question<unknown>>>;

/** The facts that questions give, by the same names. */
export type Facts<Q extends Questions> = { readonly [K in keyof Q]: Q[K] extends Question<infer T> ? Fact<T> : never };

/** The value of a fact, or `undefined` where it is not known. */
export function valueOf<T>(fact: Fact<T>): T | undefined {
  return fact.known ? fact.value : undefined;
}
