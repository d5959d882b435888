import type { Question } from '../question.ts';
import type { Installation } from './installation.ts';
import { parseInstallation } from './parse.ts';
import { INSTALLATION_SCRIPT } from './script.ts';

/** Where to look, and for what. */
export interface InstallationPaths {
  readonly user: string;
  readonly group: string;
  readonly installDir: string;
  readonly marker: string;
  readonly pidFile: string;
  readonly envFile: string;
  readonly serviceManager: 'systemd' | 'process';
  /** Files and folders to look at, beside the marker. */
  readonly paths: readonly string[];
}

/** What is installed on a host, ours and not. Hashing what is there may take a moment. */
export function installationQuestion(places: InstallationPaths): Question<Installation> {
  const { user, group, installDir, marker, pidFile, envFile, serviceManager, paths } = places;
  return {
    script: INSTALLATION_SCRIPT,
    arguments: [
      user,
      group,
      installDir,
      pidFile,
      serviceManager,
      envFile,
      marker,
      ...paths.filter((path) => path !== marker),
    ],
    as: 'root',
    timeoutS: 60,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the question about the installation ended with ${String(exitCode)}`);
      return parseInstallation(stdout, marker);
    },
  };
}

/** A path's folders from the root down, without the root itself. */
export function foldersAbove(path: string): readonly string[] {
  const steps = path.split('/').filter((step) => step !== '');
  return steps.slice(0, -1).map((_, index) => `/${steps.slice(0, index + 1).join('/')}`);
}
