import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { errorCode } from '../../core/error.ts';
import { quote } from '../../core/shell.ts';
import { nearestName } from '../../core/spelling.ts';
import { isTemplateName, TEMPLATE_NAMES, type OperatorTemplates, type TemplateName } from '../../core/template-name.ts';
import type { Findings } from '../findings.ts';
import type { SourceFiles } from '../source-files.ts';
import { Reader, type HostVariables } from './reader.ts';

/** The base of relative paths: the operator's folder, as for litellm_ca_file. */
interface Place {
  readonly cwd: string;
  readonly home: string;
}

/**
 * Reads the templates in the folder of `litellm_templates_dir`. hxllm's own stands for one that is not there. Other files are named, since a
 * misspelt name would leave the operator's text without effect.
 */
export async function readTemplates(
  variables: HostVariables,
  { cwd, home }: Place,
  files: SourceFiles,
  findings: Findings,
): Promise<OperatorTemplates | undefined> {
  if (!variables.all.has('litellm_templates_dir')) return undefined;
  const value = variables.get('litellm_templates_dir');
  const name = new Reader(findings).text(value, `the path of a folder with ${TEMPLATE_NAMES.join(', ')}`);
  if (value === undefined || name === undefined) return undefined;
  const atHome = name.replace(/^~(?=\/)/, home);
  const folder = isAbsolute(atHome) ? atHome : resolve(cwd, atHome);
  const shown = files.shown(folder);
  const listed = await readdir(folder).catch((error: unknown) => errorCode(error) || String(error));
  if (typeof listed === 'string') {
    findings.error({
      code: 'variables.templates-dir',
      summary: 'the folder of litellm_templates_dir cannot be read',
      detail: `Expected a folder with ${TEMPLATE_NAMES.join(', ')} at ${folder}, found ${{ ENOENT: 'none', ENOTDIR: 'a file' }[listed] ?? listed}.`,
      fix: listed === 'ENOENT' ? `hxllm validate --write-templates ${quote(shown)}` : `ls -ld ${quote(shown)}`,
      where: value.where,
    });
    return undefined;
  }
  for (const other of listed.filter((one) => !isTemplateName(one) && !isNotMeant(one)).toSorted()) {
    const near = nearestName(other, TEMPLATE_NAMES);
    findings.warning({
      code: 'variables.templates-dir',
      summary: `${other} is no template`,
      detail: `Expected ${TEMPLATE_NAMES.join(', ')}, found ${other}. It has no effect.`,
      fix:
        near === undefined
          ? `mv ${quote(join(shown, other))} ..`
          : `mv ${quote(join(shown, other))} ${quote(join(shown, near))}`,
      where: { file: join(shown, other) },
    });
  }
  const templates = new Map<TemplateName, { readonly file: string; readonly text: string }>();
  for (const template of TEMPLATE_NAMES) {
    const path = join(folder, template);
    const opened = await files.open(path);
    if (!opened.ok) {
      findings.error(opened.problems[0]);
      continue;
    }
    const file = files.shown(path);
    if (opened.value?.locked === true)
      findings.error({
        code: 'variables.templates-dir',
        summary: 'a template is encrypted',
        detail: `Expected ${file} in plain text, or its vault password, found neither.`,
        fix: 'run again with --ask-vault-pass',
        where: { file },
      });
    else if (opened.value === undefined && listed.includes(template))
      findings.error({
        code: 'variables.templates-dir',
        summary: 'a template cannot be read',
        detail: `Expected a file at ${file}, found a link to a file that does not exist.`,
        fix: `ls -l ${quote(file)}`,
        where: { file },
      });
    else if (opened.value !== undefined) templates.set(template, { file, text: opened.value.text });
  }
  return templates;
}

/** Hidden files, copies of editors, and notes for people. */
function isNotMeant(name: string): boolean {
  return /^\.|~$|\.(?:bak|orig|swp|md)$|^README/i.test(name);
}
