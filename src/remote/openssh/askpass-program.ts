import { connect } from 'node:net';
import { argv, env, exit, ppid, stdout } from 'node:process';

/**
 * The program that ssh calls with a question (`SSH_ASKPASS`): it hands the question to the hxllm that started ssh, over a socket in a
 * private folder, and prints the answer. Without an answer it fails, as a person does who closes the window.
 */
const [, , questions = '', hop = '', text = ''] = argv;
const socket = connect(questions);
let answer = '';
socket
  .setEncoding('utf8')
  .on('data', (chunk: string) => {
    answer += chunk;
  })
  .on('error', () => exit(1))
  .on('end', () => {
    if (answer === '') exit(1);
    // JSON ends with a bracket: an answer that was cut off is none.
    const [typed] = JSON.parse(answer) as readonly [string]; // the other end is ours
    stdout.write(`${typed}\n`);
  });
// A notice ("touch your key") has no answer; ssh ends this program when it is over.
const notice = env['SSH_ASKPASS_PROMPT'] === 'none';
socket.write(`${JSON.stringify({ hop: Number(hop), pid: ppid, notice, text })}\n`);
