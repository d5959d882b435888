import type { Config } from '../../config/config.ts';
import type { FileChange } from '../../config/edit/file-change.ts';
import type { PhaseReport } from '../../core/phase.ts';
import type { Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';

/** What the person wants of the files, and what is known of them. */
export interface InventoryRequest {
  /** `undefined` where there is no inventory yet; then only `--init` has something to do. */
  readonly config: Config | undefined;
  /** Absolute: where it is or is to be. */
  readonly inventoryFile: string;
  /** Where the person is, so that paths are shown as they would type them. */
  readonly cwd?: string | undefined;
  /** `--init HOST`. */
  readonly init: string | undefined;
  /** The host given as argument, to be put into `[litellm]`. */
  readonly host: string | undefined;
  /** `--backend URL` …. */
  readonly backends: readonly string[];
  /** `--vault-init`: the vault password. */
  readonly vaultInit: Secret | undefined;
  /** The key to put into a new vault: `sk-` and 64 hexadecimal digits. */
  readonly masterKey: Secret | undefined;
  /** A file's text; `undefined` where there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Names of the models that a backend serves. */
  readonly askBackend: (url: string) => Promise<Result<readonly string[]>>;
}

/** How the phase ended, and the changes to the files: shown, asked about and written by the caller, all or none. */
export interface InventoryReport extends PhaseReport {
  readonly edits: readonly FileChange[];
}
