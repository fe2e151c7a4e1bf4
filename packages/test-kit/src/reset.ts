import { type Socket } from 'node:net';

/** Breaks a connection as a crash does. One that is about to end by itself cannot be reset, and would stay open for ever. */
export const reset = (socket: Socket): void => {
  if (socket.writableEnded || socket.readableEnded) socket.destroy();
  else socket.resetAndDestroy();
};
