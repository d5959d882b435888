import type { PlannedStep } from '../core/recorder.ts';
import type { Secret } from '../core/secret.ts';

/** The steps for a host, in order; empty if nothing differs. */
export interface Plan {
  /** The number of the deployment that it makes. */
  readonly deployment?: number | undefined;
  /** The command that made the plan; the fix of a failure repeats it, and no other one. */
  readonly command: RunCommand;
  readonly steps: readonly Step[];
  /** How the host is put back if a step of the switch fails: actions before its files are restored, and after. */
  readonly recover: { readonly before: readonly Action[]; readonly after: readonly Action[] };
  /** Whether something ran before, to which a failed switch returns. */
  readonly hasPrevious: boolean;
  /** The folder that keeps replaced files until the switch has ended. */
  readonly keepFolder: string;
}

/** The commands that change a host. */
export type RunCommand = 'hxllm enforce' | 'hxllm uninstall' | `hxllm rollback ${string}`;

/** The command that goes back to a deployment. */
export function rollbackCommand(of: number, codeOnly: boolean): RunCommand {
  return `hxllm rollback ${String(of)}${codeOnly ? ' --code-only' : ''}`;
}

/** One change as a person would name it, or a check. */
export interface Step extends PlannedStep {
  /** Stable, `subject.thing`: `files.config.yaml`. */
  readonly id: string;
  /** Why the step is needed: expected and found, or the difference; never a secret. */
  readonly detail: string;
  /**
   * `prepare` adds things that nothing uses yet. The steps of `switch` are carried out together, and undone together if one
   * fails. `clean` removes things of a former configuration in the script of the switch, once the new state is confirmed; a
   * failure there undoes nothing.
   */
  readonly stage: 'prepare' | 'switch' | 'clean';
  readonly actions: readonly Action[];
}

/** One thing to do, as data. Paths are absolute. */
export type Action =
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly mayFail?: boolean }
  | {
      readonly kind: 'folder';
      readonly path: string;
      readonly owner: string | undefined;
      readonly group: string | undefined;
      readonly mode: number;
      /** Where the user or group was deleted, root takes its place. */
      readonly orRoot?: true;
    }
  /** Written beside its place with owner and mode, then moved there. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly owner: string | undefined;
      readonly group: string | undefined;
      readonly mode: number;
      readonly text: string | Secret;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** Removes files and links. */
  | { readonly kind: 'remove'; readonly paths: readonly string[] }
  /** Removes a folder that hxllm created with everything in it. */
  | { readonly kind: 'remove-tree'; readonly path: string }
  /** Removes a folder if it is empty. */
  | { readonly kind: 'remove-empty'; readonly path: string }
  /**
   * Copies files and links, with all their attributes, into a new folder: `files/` has each at its own path below the folders
   * that hold it, `sha256sums` their hashes, `put-back.sh` the script. The folder appears complete or not at all.
   */
  | {
      readonly kind: 'copy';
      readonly paths: readonly string[];
      /** Folders whose owner and mode are kept too. */
      readonly folders: readonly string[];
      readonly folder: string;
      readonly putBack: string;
    }
  | Upload
  /** Runs a gateway's own check on a configuration and an environment file that are written but not in their place yet. */
  | {
      readonly kind: 'check';
      readonly gateway: string;
      readonly config: string;
      readonly environment: string;
      readonly user: string | undefined;
    }
  | {
      readonly kind: 'start-process';
      readonly gateway: string;
      readonly config: string;
      readonly environment: string;
      readonly pidFile: string;
      readonly logFile: string;
    }
  | { readonly kind: 'stop-process'; readonly pidFile: string; readonly installDir: string }
  /** Names the instance that a restart of litellm.service, a crash and a boot start: the one link in `folder`, to `unit`. */
  | { readonly kind: 'use-instance'; readonly folder: string; readonly unit: string; readonly number: number }
  /** Starts an instance that is not in use. If it ends, it is not started again. */
  | { readonly kind: 'start-instance'; readonly number: number; readonly user: string }
  /** Waits until an instance is fit to serve, by its own program `gateway`, and has lived for `soakS`. */
  | {
      readonly kind: 'gate';
      readonly gateway: string;
      readonly number: number;
      readonly timeoutS: number;
      readonly soakS: number;
      readonly model: string | undefined;
    }
  /** The instance accepts connections, and the others drain; `from`, which serves, is stopped if it does not hand over. */
  | { readonly kind: 'take-over'; readonly gateway: string; readonly number: number; readonly from: number }
  /** litellm.service ends the gateway of an older hxllm, and stands for the instances from then on. Nothing waits for its end. */
  | { readonly kind: 'replace-process' }
  /** Lets the unit serve that served before, if a take-over had begun or it has ended. */
  | { readonly kind: 'return-to'; readonly unit: string }
  /** Waits until a path answers 200 on the host. Gives up at once if the unit or the process has failed. */
  | {
      readonly kind: 'health';
      readonly address: string;
      readonly port: number;
      readonly path: string;
      readonly timeoutS: number;
      /** Node.js on the host, for a gateway that speaks TLS. */
      readonly runtime: string;
      readonly watch: { readonly unit: string } | { readonly pidFile: string; readonly logFile: string };
    };

/** A file that is sent as a stream and moved into place if its hash is right. */
export interface Upload {
  readonly kind: 'upload';
  /** `packed`: the place of a copy in gzip's format, for a file that several hosts get. */
  readonly source:
    | { readonly file: string; readonly sizeBytes: number; readonly packed?: string }
    | { readonly text: string };
  readonly path: string;
  readonly sha256: string;
  readonly mode: number;
  /** Compressed with gzip on the way. */
  readonly compress: boolean;
  /** A file that notes hash, size and time, so that the next run knows the upload without reading it. */
  readonly manifest?: string;
}

/** Whether a step changes the host; the others look at it. */
export function changesHost(step: Step): boolean {
  return step.verb !== 'check';
}

/** How many steps change something. */
export function countChanges(steps: readonly Step[]): number {
  return steps.filter(changesHost).length;
}
