/** The parts of a response that a person sees. */
export interface Seen {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  /** The reason of the end, as Open WebUI notes it. */
  readonly finish: string | undefined;
  readonly promptTokens: number | undefined;
  /** The error that is shown instead of the rest. */
  readonly error: string | undefined;
}
