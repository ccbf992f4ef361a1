#!/usr/bin/env node
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
