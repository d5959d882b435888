import { Secret } from '../core/secret.ts';
import { shellLine } from '../core/shell.ts';
import type { Action } from '../plan/plan.ts';

/** An action as one line of bash that calls the functions. Uploads have no line: they travel alone. */
export function actionLine(action: Exclude<Action, { kind: 'upload' }>): string {
  switch (action.kind) {
    case 'command':
      return `${shellLine(action.argv)}${action.mayFail === true ? ' || :' : ''}`;
    case 'folder':
      return shellLine([
        action.orRoot === true ? 'folder_back' : 'folder',
        action.path,
        modeOf(action.mode),
        ownerOf(action),
      ]);
    case 'write':
      return shellLine(['commit', action.path]);
    case 'link':
      return shellLine(['link', action.path, action.target]);
    case 'remove':
      return shellLine(['remove', ...action.paths]);
    case 'remove-tree':
      return shellLine(['remove_tree', action.path]);
    case 'remove-empty':
      return shellLine(['remove_empty', action.path]);
    case 'copy':
      return shellLine(['copy', action.folder, base64(action.putBack), ...action.folders, '--', ...action.paths]);
    case 'check':
      return shellLine(['check', action.gateway, action.config, action.user ?? '-', action.environment]);
    case 'start-process':
      return shellLine([
        'start_process',
        action.gateway,
        action.config,
        action.environment,
        action.pidFile,
        action.logFile,
      ]);
    case 'stop-process':
      return shellLine(['stop_process', action.pidFile, action.installDir]);
    case 'use-instance':
      return shellLine(['use_instance', action.folder, action.unit, String(action.number)]);
    case 'start-instance':
      return shellLine(['start_instance', String(action.number), action.user]);
    case 'gate': {
      const { gateway, number, timeoutS, soakS, model } = action;
      return shellLine(['gate', gateway, String(number), String(timeoutS), String(soakS), model ?? '']);
    }
    case 'take-over':
      return shellLine(['take_over', action.gateway, String(action.number), String(action.from)]);
    case 'replace-process':
      return 'replace_process';
    case 'return-to':
      return shellLine(['return_to', action.unit]);
    case 'health': {
      const watch =
        'unit' in action.watch ? ['unit', action.watch.unit] : ['process', action.watch.pidFile, action.watch.logFile];
      return shellLine([
        'health',
        action.address,
        String(action.port),
        action.path,
        String(action.timeoutS),
        ...watch,
        ...(watch.length === 2 ? [''] : []),
        action.runtime,
      ]);
    }
  }
}

/** The line that writes a file beside its place. The content is a word of the script, which travels by stdin. */
export function stageLine(action: Extract<Action, { kind: 'write' }>): string {
  const text = action.text instanceof Secret ? action.text.reveal() : action.text;
  return shellLine(['stage', action.path, modeOf(action.mode), ownerOf(action), base64(text)]);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function modeOf(mode: number): string {
  // Of a folder, chmod takes away setuid and setgid only with five digits.
  return mode.toString(8).padStart(5, '0');
}

function ownerOf({ owner, group }: { readonly owner: string | undefined; readonly group: string | undefined }): string {
  return owner === undefined && group === undefined ? '-' : `${owner ?? ''}${group === undefined ? '' : `:${group}`}`;
}
