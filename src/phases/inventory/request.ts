import type { Config } from '../../config/config.ts';
import type { FileChange } from '../../config/edit/file-change.ts';
import type { Target } from '../../core/host.ts';
import type { PhaseReport } from '../../core/phase.ts';
import type { Stray } from '../../config/strays/stray.ts';
import type { Result } from '../../core/problem.ts';
import type { Sealing } from '../../config/vault/keyring.ts';
import type { Secret } from '../../core/secret.ts';
import type { ScanDocument } from './scan/scan-document.ts';
import type { ScanRequest } from './scan/scan.ts';

/** The command line's request and the files as they were read. */
export interface InventoryRequest {
  /** `undefined` if there is no inventory yet. Then only `--init` has something to do. */
  readonly config: Config | undefined;
  /** The absolute path of the existing or new inventory that is added to. */
  readonly inventoryFile: string;
  /** The folder that holds `group_vars`; absolute. */
  readonly variablesFolder: string;
  /** The operator's folder, so that paths are shown relative to it. */
  readonly cwd?: string | undefined;
  /** `--init HOST`. */
  readonly init: string | undefined;
  /** The host given as argument, to be added to `[litellm]`. */
  readonly host: string | undefined;
  /** `--backend URL` …. */
  readonly backends: readonly string[];
  /** `--vault-init`: the vault password and its id. */
  readonly vaultInit: Sealing | undefined;
  /** The key for a new vault: `sk-` and 64 hexadecimal digits. */
  readonly masterKey: Secret | undefined;
  /** Files beside the inventory that hold secrets where they should not. */
  readonly strays: readonly Stray[];
  /** `--scan`. */
  readonly scan?: ScanRequest;
  /** Reads a file's text; `undefined` if there is no such file. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The connection to a host that joins: one of the inventory, or an address. */
  readonly targetOf: (name: string) => Promise<Result<Target>>;
  /** Asks a backend from this machine for the names of its models. */
  readonly askBackend: (url: string) => Promise<Result<readonly string[]>>;
}

/** The report with the changes to the files. The caller shows them, asks, and writes all or none. */
export interface InventoryReport extends PhaseReport {
  readonly edits: readonly FileChange[];
  /** The result of `--scan`. */
  readonly scan?: ScanDocument;
}
