/**
 * Two habits without which a local connection is slow. Frames of one turn leave in one write. And each read is answered at once, with an empty frame (a heartbeat) where there is nothing to say:
 * clients leave Nagle's algorithm on and write frame by frame, so that their second small write would wait 40 ms for the acknowledgement of the first.
 */
import type { Socket } from 'node:net'
import { afterTurn } from '../clock/system-clock.js'
import type { RheaConnection } from './rhea-internals.js'

export function tuneSocket(socket: Socket, connection: RheaConnection): void {
  let isCorked = false
  let hasWritten = false
  let mustAnswer = false
  socket.setNoDelay(true)
  const output = connection.output
  connection.output = () => {
    // Written to a socket that is gone, it would only start the timer of the next heartbeat again, and keep the process alive.
    if (socket.destroyed) return
    if (!isCorked) {
      isCorked = true
      socket.cork()
      afterTurn(() => {
        isCorked = false
        socket.uncork()
      })
    }
    hasWritten = true
    output.call(connection)
  }
  socket.on('data', () => {
    if (mustAnswer) return
    mustAnswer = true
    hasWritten = false
    afterTurn(() => {
      mustAnswer = false
      if (!hasWritten && connection.is_open() && socket.writable) connection._write_frame(0)
    })
  })
}
