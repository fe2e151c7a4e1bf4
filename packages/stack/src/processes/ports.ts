import { connect } from 'node:net';
import { LOOPBACK } from '@apwa/ray';

/** The first bytes that a server sends by itself, or null if it can't be reached or says nothing within the time. */
export const greetingOf = async (port: number, timeoutMs = 500): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const finish = (value: string | null) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(timeoutMs, () => {
      finish(null);
    });
    socket.once('error', () => {
      finish(null);
    });
    socket.once('data', (data) => {
      finish(data.toString('utf8'));
    });
    socket.once('close', () => {
      finish(null);
    });
  });

/** Whether somebody accepts connections there. */
export const listensOn = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const finish = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
