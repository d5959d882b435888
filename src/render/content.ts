import { Secret } from '../core/secret.ts';

/** What a file holds. A secret text is shown nowhere; an unknown one could not be rendered because what it needs is locked. */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly text: Secret }
  | { readonly kind: 'unknown'; readonly why: string };

/** One file as it is to stand on a host. */
export interface DesiredFile {
  /** The file's name, by which steps and evidence call it. */
  readonly name: string;
  readonly path: string;
  /** `undefined`: whoever writes it. */
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number;
  readonly content: Content;
}

/** The text itself; `undefined` where it is not known. */
export function contentText(content: Content): string | undefined {
  if (content.kind === 'unknown') return undefined;
  return content.kind === 'text' ? content.text : content.text.reveal();
}

/** Wraps a text that must not be shown. */
export function secretContent(text: string): Content {
  return { kind: 'secret', text: new Secret(text) };
}
