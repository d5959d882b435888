/** The values in hxllm's own units that drop-ins are compared with. */
export interface ExpectedUnits {
  readonly serviceUnit: string;
  readonly socketUnit: string;
  readonly instanceUnit: string;
  readonly user: string;
  readonly group: string;
  readonly configDir: string;
  readonly configFile: string;
  readonly envFile: string;
  readonly caFile: string;
  /** Whether litellm_ca_file is defined; otherwise `undefined`. */
  readonly authorities: object | undefined;
  readonly installDir: string;
  /** litellm_restrict_egress. */
  readonly restrictEgress?: boolean;
  /** An IP address or `localhost`. */
  readonly listen: string;
  readonly port: number;
}

/** How one setting is judged. `values` are all values in effect, the last one counts where systemd takes only one. */
export interface Rule {
  /** The values in hxllm's own unit; none by default. */
  readonly ours?: (expected: ExpectedUnits) => readonly string[];
  /** The reason why the gateway cannot work with these values; `undefined` if it can. */
  readonly breaks: (values: readonly string[], expected: ExpectedUnits) => string | undefined;
}

const isOn = (values: readonly string[]): boolean => /^(?:1|yes|y|true|t|on)$/i.test(values.at(-1) ?? '');

/** Breaks where the setting has any value. */
export function whenSet(why: string): Rule {
  return { breaks: (values) => (values.length > 0 ? why : undefined) };
}

/** Breaks where the setting is on. */
export function whenOn(why: string): Rule {
  return { breaks: (values) => (isOn(values) ? why : undefined) };
}

/** Breaks where the last value is another one than hxllm’s. */
export function whenOther(ours: NonNullable<Rule['ours']>, why: (expected: ExpectedUnits) => string): Rule {
  return {
    ours,
    breaks: (values, expected) => (values.at(-1) === ours(expected).at(-1) ? undefined : why(expected)),
  };
}

/** Breaks unless each value fits its pattern; `ours` stands for hxllm’s values in messages. */
export function whenUnlike(patterns: readonly RegExp[], ours: readonly string[], why: string): Rule {
  const fits = (values: readonly string[]): boolean =>
    values.length === patterns.length && values.every((value, index) => patterns[index]?.test(value) === true);
  return { ours: () => ours, breaks: (values) => (fits(values) ? undefined : why) };
}

/** Words without quotes, prefixes of Exec lines included. */
export function wordsOf(line: string): string {
  return line
    .split(/\s+/)
    .map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
    .join(' ');
}

/** Breaks where an entry covers one of hxllm’s folders. */
export function whenHidden(pathOf: (entry: string) => string): Rule {
  return {
    breaks: (values, { configDir, installDir }) => {
      const paths = values
        .flatMap((value) => value.split(/\s+/))
        .map((entry) => pathOf(entry.replace(/^["'+:-]+|["']$/g, '')));
      const hidden = [configDir, installDir].filter((folder) => paths.some((path) => overlap(path, folder)));
      return hidden.length === 0 ? undefined : `the service does not see ${hidden.join(' and ')} as it is`;
    },
  };
}

function overlap(path: string, folder: string): boolean {
  const [a, b] = [`${path.replace(/\/+$/, '')}/`, `${folder}/`];
  return a.startsWith(b) || b.startsWith(a);
}

/** Whether a list allows an address family. systemd.exec(5): the first value decides whether the list allows or denies; `~` takes away from an allow-list. */
export function allowsFamily(values: readonly string[], family: string): boolean {
  if (values.length === 0) return true;
  const denies = values[0]?.startsWith('~') === true;
  let allowed = denies;
  for (const value of values) {
    const words = value.replace(/^~/, '').split(/\s+/);
    if (value === 'none') allowed = false;
    else if (words.includes(family)) allowed = !value.startsWith('~');
  }
  return allowed;
}

/** Breaks where no value has the word. */
export function whenWithout(word: string, why: string): Rule {
  return {
    ours: () => [word],
    breaks: (values) => (values.some((value) => value.split(/\s+/).includes(word)) ? undefined : why),
  };
}
