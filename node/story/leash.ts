/**
 * The leash of a node that the story started: it is loaded into the node before anything else, and
 * asks it to stop when the story is gone.
 *
 * The story holds the other end of the node's standard input. However the story ends, killed
 * included, the operating system closes that end, and no node is left behind on its port.
 */

import process from 'node:process'
import { isMainThread } from 'node:worker_threads'

// A node's threads load this as well, and their standard input has ended from the beginning.
if (isMainThread) {
  process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'))
  process.stdin.on('close', () => process.kill(process.pid, 'SIGTERM'))
  process.stdin.resume()
  // Waiting for the end must not be what keeps a node up that has stopped by itself.
  if ('unref' in process.stdin) process.stdin.unref()
}
