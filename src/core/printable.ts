/** The text without control characters and escape sequences: output of a host must not move the cursor or change the title. */
export function printable(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- the expression matches control characters on purpose
      .replaceAll(/\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|.)?/g, '')
      .replaceAll('\r\n', '\n')
      .replaceAll('\t', '  ')
      .replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, (character) => (character === '\n' ? '\n' : '\uFFFD'))
  );
}
