import { chmodSync, cpSync, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What the bundle leaves outside itself: it has a binary for each platform. */
const OUTSIDE_THE_BUNDLE = ['classic-level']

/** Copies what jzfs needs to run, and nothing else: the bundle, and the packages outside of it with what they need. */
function copyRuntime(output: string): void {
  const root = join(import.meta.dirname, '..', '..')
  for (const name of ['dist', 'package.json']) cpSync(join(root, name), join(output, name), { recursive: true })
  chmodSync(join(output, 'dist', 'cli', 'main.js'), 0o755)
  for (const name of packagesFor(root, OUTSIDE_THE_BUNDLE)) {
    const path = join('node_modules', name)
    cpSync(join(root, path), join(output, path), { recursive: true, filter: (from) => !isForAnotherPlatform(from) })
  }
}

function packagesFor(root: string, names: readonly string[]): Set<string> {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const file = join(root, 'node_modules', name, 'package.json')
    // What a package needs only to be compiled may be left out by npm.
    if (found.has(name) || !existsSync(file)) continue
    found.add(name)
    const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: Record<string, string> }
    waiting.push(...Object.keys(dependencies))
  }
  return found
}

function isForAnotherPlatform(path: string): boolean {
  const platform = /[\\/]prebuilds[\\/]([^\\/]+)/.exec(path)?.[1]
  return platform !== undefined && !(platform.startsWith(`${process.platform}-`) && platform.includes(process.arch))
}

const [, , output] = process.argv
if (output === undefined) throw new TypeError('copy-runtime.ts wants the folder to copy to')
copyRuntime(resolve(output))
