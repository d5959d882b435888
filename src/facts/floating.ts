import type { Question } from './question.ts';

/** Whether something answers on an address and port, asked from the host: `true` for a floating address that another host has now. */
export function floatingQuestion(address: string, port: number): Question<boolean> {
  return {
    script: 'timeout 3 bash -c \'exec 3<> "/dev/tcp/$1/$2"\' hxllm "$1" "$2" 2>/dev/null && echo yes; exit 0',
    arguments: [address, String(port)],
    as: 'user',
    parse: ({ stdout }) => stdout.trim() === 'yes',
  };
}
