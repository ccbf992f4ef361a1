#!/usr/bin/env -S node --max-semi-space-size=8
// The first line keeps V8's young generation small: what is hashed and sent is buffers, each held by a small object that dies
// young, and in a large young generation they wait long. It takes a third off the memory of an add of 100,000 files.
import { enableCompileCache } from 'node:module'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(`jzfs: Node ${process.versions.node} is too old: jzfs needs Node 24 or newer\n`)
  process.stderr.write('hint: install Node 24, or run scripts/jzfs from a checkout, which brings its own\n')
  process.exit(128)
}
enableCompileCache()
const { runProcess } = await import('./process.ts')
await runProcess()
