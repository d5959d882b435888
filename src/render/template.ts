import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';

/** The templates' folder. Built files lie at the same depth as `src`. */
const TEMPLATES = join(import.meta.dirname, '../../templates');

/** The values of a template, by name. */
export type TemplateValues = Readonly<Record<string, string>>;

/**
 * Replaces every `{{name}}` by its value. An unknown name is a Problem with the template's line; so is an opening
 * without its end.
 */
export function fillTemplate(file: string, text: string, values: TemplateValues): Result<string> {
  const problems: Problem[] = [];
  const lines = text.split('\n').map((line, index) => {
    const filled = line.replaceAll(/\{\{(?:(\w+)\}\})?/g, (seen, name: string | undefined) => {
      const value = name !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined)
        problems.push(unknownName(file, index + 1, name === undefined ? line.trim() : seen, values));
      return value ?? '';
    });
    return filled;
  });
  const [first, ...more] = problems;
  return first === undefined ? ok(lines.join('\n')) : fail(first, ...more);
}

/** Reads a template of the package and fills it. */
export function renderTemplate(name: string, values: TemplateValues): Result<string> {
  const file = join(TEMPLATES, name);
  return fillTemplate(file, readFileSync(file, 'utf8'), values);
}

function unknownName(file: string, line: number, seen: string, values: TemplateValues): Problem {
  return {
    code: 'config.template-name',
    summary: 'a template uses an unknown name',
    detail: `Expected one of ${Object.keys(values)
      .map((name) => `{{${name}}}`)
      .join(', ')}, found ${seen}.`,
    fix: `edit ${file}`,
    where: { file, line },
  };
}
