import { Secret } from '../core/secret.ts';

/**
 * The content of a file. A secret text is never shown. An unknown one could not be rendered, because a value is in a
 * locked file. A kept one is that on the host: a rollback leaves the keys that are valid.
 */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly text: Secret }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'kept' };

/** One file as it should be on a host. */
export interface DesiredFile {
  /** The file's name in steps and evidence. */
  readonly name: string;
  readonly path: string;
  /** `undefined`: the user who writes it. */
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number;
  readonly content: Content;
}

/** The text; `undefined` if it is not known here. */
export function contentText(content: Content): string | undefined {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'secret':
      return content.text.reveal();
    case 'unknown':
    case 'kept':
      return undefined;
  }
}

/** Wraps a text that must not be shown. */
export function secretContent(text: string): Content {
  return { kind: 'secret', text: new Secret(text) };
}
