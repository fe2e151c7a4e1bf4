import type { Client } from '@apwa/sdk';
import { connect, type Connection } from './connect.js';
import type { Display } from './display/display.js';
import { EXIT } from './exit.js';
import { Interrupt } from './interrupt.js';

/** What a command works with while it is connected. */
export interface Session {
  client: Client;
  /** Where the manager listens. */
  url: string;
  display: Display;
  interrupt: Interrupt;
  say: (text: string) => void;
}

type Open<Opened extends Connection> = (say: (text: string) => void, signal: AbortSignal) => Promise<Opened>;

/**
 * Opens a connection for the time of `work`, by default as `connect` does. Ctrl-C ends it in order; whatever happens, what was
 * started is stopped and the terminal left as it was found.
 */
export const withSession = async <Result, Opened extends Connection = Connection>(
  display: Display,
  work: (session: Session, connection: Opened) => Promise<Result>,
  open: Open<Opened> = connect as Open<Opened>,
): Promise<Result> => {
  const say = (text: string) => display.say(text);
  const interrupt = new Interrupt(() => {
    display.close();
    process.exit(EXIT.interrupted);
  });
  let connection: Opened | undefined;
  try {
    connection = await open(say, interrupt.signal);
    return await work({ client: connection.client, url: connection.url, display, interrupt, say }, connection);
  } finally {
    display.close();
    await connection?.close();
    interrupt.stop();
  }
};
