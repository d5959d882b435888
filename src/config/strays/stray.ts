/** A secret in plain text: the name of its variable and its line, never its value. */
export interface PlainSecret {
  readonly name: string;
  readonly line: number | undefined;
}

/** A file beside an inventory that holds a secret where it should not. */
export interface Stray {
  /** Absolute. */
  readonly path: string;
  /** The inventory's folder that it was found in; absolute. */
  readonly folder: string;
  /** An encrypted file that nothing reads, a file with the name of a vault that is not encrypted, or one with plain secrets. */
  readonly kind: 'encrypted' | 'vault-name' | 'secrets';
  /** Empty for an encrypted file. */
  readonly secrets: readonly PlainSecret[];
  /** An inventory of the folder takes variables from it, or may do so: it is never moved. */
  readonly isRead: boolean;
  readonly sha256: string;
}
