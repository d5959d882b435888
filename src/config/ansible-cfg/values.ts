import { dirname } from 'node:path';
import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { ParsedConfig } from '../python/configparser.ts';
import { splitWords } from '../python/shlex.ts';
import { readBoolean } from '../variables/boolean.ts';
import { expandPath, type UserEnvironment } from './find.ts';

/** A setting of Ansible: its environment variables, and its places in ansible.cfg as `section.key`. The last that is set counts. */
export interface Setting {
  readonly variables: readonly string[];
  readonly keys: readonly string[];
}

/** The text of a setting and its place. */
export interface Found {
  readonly text: string;
  readonly where: Where;
  /** The folder of relative paths. */
  readonly folder: string;
}

/** An open quotation mark, in a message. */
export const OPEN_MARK = 'an open quotation mark';

/** Reads settings from the environment, then from ansible.cfg. A value of the wrong type is an error. */
export class SettingValues {
  readonly #user: UserEnvironment;
  readonly #parsed: ParsedConfig | undefined;
  readonly #file: { readonly path: string; readonly shown: string } | undefined;
  readonly #findings: Findings;

  constructor(
    user: UserEnvironment,
    parsed: ParsedConfig | undefined,
    file: { readonly path: string; readonly shown: string } | undefined,
    findings: Findings,
  ) {
    this.#user = user;
    this.#parsed = parsed;
    this.#file = file;
    this.#findings = findings;
  }

  /** The text and its place; `undefined` if it is set nowhere or empty. */
  find({ variables, keys }: Setting): Found | undefined {
    const variable = variables.findLast((name) => (this.#user.environment[name] ?? '') !== '');
    if (variable !== undefined)
      return {
        text: this.#user.environment[variable] ?? '',
        where: { path: variable },
        folder: this.#user.cwd,
      };
    for (const key of keys.toReversed()) {
      const [section = '', name = ''] = key.split('.');
      const entry = this.#parsed?.sections.get(section)?.get(name);
      const text = unquote(entry?.text ?? '');
      if (entry !== undefined && text !== '' && this.#file !== undefined)
        return {
          text,
          where: { file: this.#file.shown, line: entry.line, path: key },
          folder: dirname(this.#file.path),
        };
    }
    return undefined;
  }

  text(setting: Setting): string | undefined {
    return this.find(setting)?.text;
  }

  /** The parts of a text with commas; `undefined` if it is not set. */
  list(setting: Setting): readonly string[] | undefined {
    return this.find(setting)
      ?.text.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** The paths of a text with commas. */
  paths(setting: Setting): readonly string[] {
    const found = this.find(setting);
    return (this.list(setting) ?? []).map((path) => expandPath(path, found?.folder ?? '', this.#user));
  }

  path(setting: Setting): string | undefined {
    const found = this.find(setting);
    return found === undefined ? undefined : expandPath(found.text, found.folder, this.#user);
  }

  boolean(setting: Setting): boolean | undefined {
    const found = this.find(setting);
    if (found === undefined) return undefined;
    const parsed = readBoolean(found.text);
    return parsed ?? this.#wrong(found, 'true or false');
  }

  integer(setting: Setting, from: number, to: number): number | undefined {
    const found = this.find(setting);
    if (found === undefined) return undefined;
    const value = /^\d{1,9}$/.test(found.text) ? Number(found.text) : Number.NaN;
    return value >= from && value <= to ? value : this.#wrong(found, `a number from ${String(from)} to ${String(to)}`);
  }

  /** A text in words, as a shell would split it. */
  words(setting: Setting): readonly string[] | undefined {
    const found = this.find(setting);
    if (found === undefined) return undefined;
    const split = splitWords(found.text, { comments: false });
    // The text may have a password: sshpass -p.
    return split.ok ? split.words : this.#wrong(found, 'options with closed quotation marks', OPEN_MARK);
  }

  #wrong({ text, where }: Found, expected: string, seen = JSON.stringify(text)): undefined {
    this.#findings.error({
      code: 'config.ansible-cfg',
      summary: `invalid ${where.path ?? 'setting'}`,
      detail: `Expected ${expected}, found ${seen}.`,
      fix: `write ${expected}`,
      where,
    });
  }
}

function unquote(text: string): string {
  return /^(['"])(.*)\1$/s.exec(text)?.[2] ?? text;
}
