import type { Question } from '../question.ts';
import type { Installation } from './installation.ts';
import { parseInstallation } from './parse.ts';
import { INSTALLATION_SCRIPT } from './script.ts';

/** Parameters of the question. */
export interface InstallationPaths {
  readonly user: string;
  readonly group: string;
  readonly installDir: string;
  readonly marker: string;
  readonly pidFile: string;
  readonly envFile: string;
  readonly serviceManager: 'systemd' | 'process';
  /** Runtimes are hashed, not only compared by size and time. */
  readonly verify: boolean;
  /** Files and folders to check, beside the marker. */
  readonly paths: readonly string[];
}

/** The state of an installation, hxllm's files and others. Hashing can take seconds. */
export function installationQuestion(places: InstallationPaths): Question<Installation> {
  const { user, group, installDir, marker, pidFile, envFile, serviceManager, verify, paths } = places;
  return {
    script: INSTALLATION_SCRIPT,
    arguments: [
      user,
      group,
      installDir,
      pidFile,
      serviceManager,
      envFile,
      verify ? 'yes' : 'no',
      marker,
      ...paths.filter((path) => path !== marker),
    ],
    as: 'root',
    timeoutS: 60,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that reads the installation exited with ${String(exitCode)}`);
      return parseInstallation(stdout, marker);
    },
  };
}

/** The parent folders of a path, from the top down, without the root. */
export function foldersAbove(path: string): readonly string[] {
  const steps = path.split('/').filter((step) => step !== '');
  return steps.slice(0, -1).map((_, index) => `/${steps.slice(0, index + 1).join('/')}`);
}
