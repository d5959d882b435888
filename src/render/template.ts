import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearestName } from '../core/spelling.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';

/** The templates' folder. Built files lie at the same depth as `src`. */
const TEMPLATES = join(import.meta.dirname, '../../templates');

/** The values of a template, by name. */
export type TemplateValues = Readonly<Record<string, string>>;

/** Begins a line about the template itself, which is not rendered. */
const TEMPLATE_COMMENT = '#:';

/**
 * Replaces every `{{name}}` by its value, and leaves out lines that begin with `#:`. An unknown name is a Problem with the template's line; so is an opening
 * without its end. The last line gets its end, since lines may be added behind it.
 */
export function fillTemplate(file: string, text: string, values: TemplateValues): Result<string> {
  const problems: Problem[] = [];
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, index): readonly string[] => {
      if (line.startsWith(TEMPLATE_COMMENT)) return [];
      const filled = line.replaceAll(/\{\{(?:([^{}]*)\}\})?/g, (seen, name: string | undefined) => {
        const value = name !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
        if (value === undefined)
          problems.push(unknownName(file, index + 1, name === undefined ? line.trim() : seen, values));
        return value ?? '';
      });
      return [filled];
    });
  const [first, ...more] = problems;
  if (first !== undefined) return fail(first, ...more);
  const filled = lines.join('\n');
  return ok(filled === '' || filled.endsWith('\n') ? filled : `${filled}\n`);
}

/** Fills a template: the operator's own, else that of the package. */
export function renderTemplate(
  name: string,
  values: TemplateValues,
  own?: { readonly file: string; readonly text: string },
): Result<string> {
  return own === undefined
    ? fillTemplate(join(TEMPLATES, name), templateText(name), values)
    : fillTemplate(own.file, own.text, values);
}

/** The text of a template of the package. */
export function templateText(name: string): string {
  return readFileSync(join(TEMPLATES, name), 'utf8');
}

function unknownName(file: string, line: number, seen: string, values: TemplateValues): Problem {
  const names = Object.keys(values);
  // Jinja has blanks and filters between the braces.
  const near = nearestName(/\w+/.exec(seen.replace(/^.*?\{\{/, ''))?.[0] ?? '', names);
  return {
    code: 'config.template-name',
    summary: 'a template uses an unknown name',
    detail: `Expected one of ${names.map((name) => `{{${name}}}`).join(', ')}, found ${seen}.`,
    fix:
      near === undefined
        ? `correct line ${String(line)} of ${file}`
        : `write {{${near}}} in line ${String(line)} of ${file}`,
    where: { file, line },
  };
}
