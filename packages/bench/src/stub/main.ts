import { type StubCommand, type StubMessage } from './protocol.js';
import { StubServer } from './stub-server.js';

/** The stub's process: it serves until the one that started it is gone. */
const tell = (message: StubMessage): void => void process.send?.(message);

const server = new StubServer();
const port = await server.listen();
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches this process too: it goes when the benchmark has stopped what calls it.
process.on('SIGINT', () => undefined);
process.on('message', (command: StubCommand) => tell({ kind: 'stats', id: command.id, stats: server.obey(command) }));
tell({ kind: 'listening', port });
