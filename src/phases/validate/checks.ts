import type { Settings } from '../../config/config.ts';
import type { Check } from '../../core/check.ts';
import { pass, unknown, type Verdict } from '../../core/verdict.ts';
import type { DesiredFile } from '../../render/content.ts';
import { judgeMasterKey } from './master-key.ts';
import { judgeAccepted, judgeComplete, judgeWarnings, type ReadBack } from './read-back.ts';

/** The subject of the checks: all files rendered for one host. */
export interface Rendered {
  readonly settings: Settings;
  readonly files: readonly DesiredFile[];
  /** config.yaml as the gateway would read it. */
  readonly read: ReadBack;
  /** The verdict of systemd on the host about the units. */
  readonly units: Verdict;
  /** The verdict about the folders on the host. */
  readonly folders: Verdict;
}

/** The checks of validate, in order. */
export const VALIDATE_CHECKS: readonly Check<Rendered>[] = [
  {
    id: 'render.templates',
    title: 'every template renders',
    severity: 'error',
    judge: ({ files }) => pass(files.map((file) => file.name).join(', ')),
  },
  {
    id: 'key.form',
    title: 'the master key has the usual form',
    severity: 'warning',
    judge: ({ settings }) => judgeMasterKey(settings),
  },
  {
    id: 'config.accepted',
    title: 'the gateway accepts config.yaml',
    severity: 'error',
    judge: ({ read }) => judgeAccepted(read),
  },
  {
    id: 'config.complete',
    title: 'config.yaml has every model on every backend of its list',
    severity: 'error',
    after: ['config.accepted'],
    judge: ({ settings, read }) =>
      read.config === undefined ? unknown('config.yaml could not be read') : judgeComplete(settings, read.config),
  },
  {
    id: 'config.heeded',
    title: 'the gateway uses every key of config.yaml',
    severity: 'warning',
    judge: ({ read }) => judgeWarnings(read),
  },
  {
    id: 'units.verify',
    title: 'systemd accepts the units',
    severity: 'error',
    judge: ({ units }) => units,
  },
  {
    id: 'place.folders',
    title: 'the folders are free or hxllm’s',
    severity: 'error',
    judge: ({ folders }) => folders,
  },
];
