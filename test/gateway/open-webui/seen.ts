/** What a person sees of an answer. */
export interface Seen {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  /** Why it ended, as Open WebUI notes it. */
  readonly finish: string | undefined;
  readonly promptTokens: number | undefined;
  /** What is shown in place of the rest. */
  readonly error: string | undefined;
}
