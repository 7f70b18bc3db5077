/**
 * Frames for drachtio-server leave together. A batch that was committed is answered in one turn of the event loop, and drachtio-srf
 * writes each answer by itself: a system call for each of fifty. What is written in one turn goes out as one write at its end.
 */
import type { Socket } from 'node:net';

export function gather(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  let gathering = false;
  socket.write = (...args: readonly unknown[]) => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      setImmediate(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
}
