import { readOptions, USAGE } from './options.ts';
import { installClients } from './packages.ts';

// npm run test:conformance -- --url URL --key KEY --model MODEL: judges a server with real clients.

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}\n`);
    return 64;
  }
  await installClients((line) => process.stderr.write(`${line}\n`));
  // A rejection that a failed case left behind is no finding of its own.
  process.on('unhandledRejection', () => undefined);
  // Imported after the clients are installed.
  const { judge } = await import('./judge.ts');
  const { verdictText, exitCode } = await import('./report.ts');
  const verdict = await judge(options, (line) => process.stderr.isTTY && process.stderr.write(`\r\u001B[K${line}`));
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  process.stdout.write(options.json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictText(verdict));
  return exitCode(verdict);
}
