import type { Certificate } from '../core/certificate.ts';
import type { Secret } from '../core/secret.ts';

/** The certificate and key that clients are served with: files on the host, or texts that enforce sends. */
export type TlsSettings =
  | { readonly from: 'host'; readonly certFile: string; readonly keyFile: string }
  | {
      readonly from: 'sent';
      /** The certificate of the gateway first. */
      readonly certificates: readonly Certificate[];
      readonly text: string;
      /** `undefined`: it is in a vault that was not opened. */
      readonly key: Secret | undefined;
    };

/** A file with certificates of authorities, on the operator's machine. */
export interface AuthorityFile {
  /** The path for messages. */
  readonly file: string;
  readonly path: string;
  /** At least one. */
  readonly certificates: readonly Certificate[];
}
