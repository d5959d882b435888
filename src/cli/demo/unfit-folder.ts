import { errorMessage } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { makeFolders } from '../../evidence/make-folders.ts';
import type { DemoPaths } from './paths.ts';

/** Makes the folder of a demo, or returns the reason why none can run in this one. */
export function unfitFolder(cwd: string, paths: DemoPaths): Problem | undefined {
  // The folder becomes litellm_prefix, which a unit could not name with these characters, and which is read as a template.
  const sign = /["'\\%$\n]|\{[{%#]/.exec(cwd)?.[0];
  if (sign !== undefined) return unfit(cwd, `found ${JSON.stringify(sign)} in it`);
  try {
    makeFolders(paths.folder);
    return undefined;
  } catch (error) {
    return unfit(cwd, `found: ${errorMessage(error)}`);
  }
}

function unfit(cwd: string, found: string): Problem {
  return {
    code: 'usage.demo-folder',
    summary: 'a demo cannot run in this folder',
    detail: `Expected a folder for .demo, without quotation marks, \\, %, $, {{ and line ends in its path, ${found}.`,
    fix: 'mkdir -p ~/hxllm-demo && cd ~/hxllm-demo && hxllm demo',
    where: { file: cwd },
  };
}
