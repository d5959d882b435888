/**
 * A question for a host: a fixed bash script and the parser of its answer. The script changes nothing, gets its
 * parameters as `$1`, `$2` …, reads no input, and uses only programs of a minimal Debian (bash, coreutils, no curl, no
 * Python).
 */
export interface Question<T> {
  readonly script: string;
  readonly arguments?: readonly string[];
  /** `root` runs under sudo if the user is not root. If sudo refuses, the answer is unknown. */
  readonly as: 'user' | 'root';
  /** The host stops the script after this time. Default: 20 s. */
  readonly timeoutS?: number;
  /** The question is a conversation over TLS instead of a script: this machine speaks it through the host. */
  readonly tls?: { readonly hostname: string; readonly port: number; readonly send: string };
  /** Pure. Throws if the answer cannot be parsed, which makes the fact unknown. */
  parse(answer: Answer): T;
}

/** The time limit of a question that has none of its own: a busy host took 11 s for one that takes 0.1 s. */
export const DEFAULT_TIMEOUT_S = 20;

/** The beginning of the message of a host without sudo; ` (doas is there)` follows where that is so. */
export const NO_SUDO = 'sudo: command not found';

/** The exit code of an answer without an end: it was longer than is read, or the shell that gave it was killed. */
export const CUT = 141;

/** The script's stdout (stderr is not kept) and exit code; 124 after a timeout. */
export interface Answer {
  readonly stdout: string;
  readonly exitCode: number;
}

/** A fact about a host, or why it is unknown. `refusal` is the last line of sudo's output, if sudo refused; it may be empty. */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string; readonly refusal?: string };

/** Questions by name. */
export type Questions = Readonly<Record<string, Question<unknown>>>;

/** The facts of the questions, by the same names. */
export type Facts<Q extends Questions> = { readonly [K in keyof Q]: Q[K] extends Question<infer T> ? Fact<T> : never };

/** The value of a fact, or `undefined` if it is unknown. */
export function valueOf<T>(fact: Fact<T>): T | undefined {
  return fact.known ? fact.value : undefined;
}
