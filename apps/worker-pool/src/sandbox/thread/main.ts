import { parentPort } from 'node:worker_threads';
import { READY, type Task, type TaskAnswer } from '../tasks.js';
import { callBuiltin } from './builtin.js';
import { JavascriptSandbox } from './javascript-sandbox.js';

// Started as a thread by `Threads`, and given one task at a time.
if (!parentPort) throw new Error('This is a thread of a member.');
const parent = parentPort;
const sandbox = await JavascriptSandbox.create();

const answerOf = async (task: Task): Promise<TaskAnswer> => {
  switch (task.kind) {
    case 'javascript':
      return sandbox.run(task);
    case 'builtin':
      return callBuiltin(task);
  }
};

parent.on('message', (task: Task) => {
  void answerOf(task).then((answer) => parent.postMessage(answer));
});
parent.postMessage(READY);
