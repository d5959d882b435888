/** A difference between an evidence folder and its chain. */
export interface Finding {
  /**
   * `changed`: the content differs. `missing`: the chain has it, the folder does not. `added`: the folder has it, the chain does not.
   * `moved`: it stands in another place or order. `open`: a run was cut off, and no later run closed it. `unsigned`: a signature is wrong.
   */
  readonly kind: 'changed' | 'missing' | 'added' | 'moved' | 'open' | 'unsigned';
  /** The path below the evidence folder. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}
