import { constants } from 'node:fs';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { parseObject } from '../../core/json.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { sealPlan, type SavedPlan, type UnsealedPlan } from '../../phases/enforce/saved/document.ts';
import { parsePlan, planAgain } from '../../phases/enforce/saved/parse.ts';

/** Reads a saved plan. `shown` is the path as typed. Problems: `plan.unreadable`, `plan.damaged`, `plan.other-format`. */
export async function readPlan(path: string, shown: string): Promise<Result<SavedPlan>> {
  try {
    return parsePlan(await readFile(path, 'utf8'), shown);
  } catch (error) {
    return fail({
      code: 'plan.unreadable',
      summary: 'the saved plan cannot be read',
      detail: `Expected to read ${shown}, found: ${errorMessage(error)}. Nothing was touched.`,
      fix: errorCode(error) === 'ENOENT' ? planAgain(shown) : shellLine(['ls', '-l', shown]),
      where: { file: shown },
    });
  }
}

/**
 * Writes a plan to a file, 0600, whole or not at all. A file that is no plan is never replaced. Problems: `plan.in-the-way`,
 * `plan.not-written`.
 */
export async function writePlan(path: string, shown: string, plan: UnsealedPlan): Promise<Result<SavedPlan>> {
  const sealed = sealPlan(plan);
  const place = await realpath(path).catch(() => path);
  const temporary = join(dirname(place), `.${basename(place)}.${randomId()}`);
  try {
    const found = await stat(place).catch(() => undefined);
    if (found !== undefined && !(found.isFile() && isPlan(await readFile(place, 'utf8'))))
      return fail(inTheWay(shown, found.isFile() ? 'another file' : 'something that is no file'));
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(`${JSON.stringify(sealed, undefined, 1)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, place);
    return ok(sealed);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    return fail({
      code: 'plan.not-written',
      summary: 'the plan cannot be saved',
      detail: `Expected to write ${shown}, found: ${errorMessage(error)}. No host was changed.`,
      fix:
        errorCode(error) === 'ENOENT'
          ? shellLine(['mkdir', '-p', dirname(shown)])
          : shellLine(['ls', '-ld', dirname(shown), shown]),
      where: { file: shown },
    });
  }
}

function isPlan(text: string): boolean {
  const json = parseObject(text);
  return json !== undefined && typeof json['salt'] === 'string' && Array.isArray(json['hosts']);
}

function inTheWay(file: string, found: string): Problem {
  return {
    code: 'plan.in-the-way',
    summary: 'something else is in the place of the plan',
    detail: `Expected ${file} to be free, or a plan of an earlier run, found ${found}. It stays as it is.`,
    fix: `hxllm enforce --dry-run --out ${file === 'plan.json' ? 'enforce-plan.json' : 'plan.json'}  # another name`,
    where: { file },
  };
}
