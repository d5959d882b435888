const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Quotes one argument for a POSIX shell, so that the shell gives back exactly this text. Throws on NUL, which no argument can hold. */
export function quote(argument: string): string {
  if (argument.includes('\0')) throw new Error('an argument cannot hold a NUL byte');
  // zsh expands a leading `=`, and every shell a leading `~`, so only text of plain characters stays unquoted.
  return PLAIN.test(argument) && !argument.startsWith('=')
    ? argument
    : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** Joins an argument array into one line for a POSIX shell. */
export function shellLine(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  // A first word such as A=B would be an assignment. Quoting makes it a command name again.
  const head = program.includes('=') ? `'${program.replaceAll("'", String.raw`'\''`)}'` : quote(program);
  return [head, ...rest.map(quote)].join(' ');
}

/**
 * Joins an argument array into one line for a login shell of any kind. sh, tcsh and fish agree on single quotes only around
 * text without quotes, `!`, backslashes and line ends; other lines travel in base64, and bash reads them.
 */
export function loginLine(argv: readonly string[]): string {
  const line = shellLine(argv);
  if (argv.every((argument) => !/['!\\\n]/.test(argument))) return line;
  return `bash -c 'eval "$(echo ${Buffer.from(line, 'utf8').toString('base64')} | base64 -d)"'`;
}
