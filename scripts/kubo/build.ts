import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The path of a Kubo binary, or why there is none: `KUBO_BINARY`, or what Go builds from `go.mod` beside this file into
 * the user's cache (minutes the first time, nothing after that).
 */
export function kuboBinary(): { binary: string } | { missing: string } {
  const given = process.env['KUBO_BINARY']
  if (given !== undefined && given !== '') {
    return existsSync(given) ? { binary: given } : { missing: `KUBO_BINARY names no file: ${given}` }
  }
  const binary = join(cacheDirectory(), `kubo-${kuboVersion()}`, 'ipfs')
  if (existsSync(binary)) return { binary }
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'neither KUBO_BINARY nor Go is here' }
  return build(binary)
}

function build(binary: string): { binary: string } | { missing: string } {
  mkdirSync(join(binary, '..'), { recursive: true })
  process.stderr.write(`building Kubo ${kuboVersion()} into ${binary} (some minutes, once)\n`)
  const args = ['build', '-o', binary, 'github.com/ipfs/kubo/cmd/ipfs']
  const built = spawnSync('go', args, { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit'] })
  return built.status === 0 ? { binary } : { missing: 'go build of Kubo failed' }
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jzfs')
}

function kuboVersion(): string {
  const goMod = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8')
  return /github\.com\/ipfs\/kubo v(\S+)/.exec(goMod)?.[1] ?? 'unknown'
}

if (import.meta.main) {
  const found = kuboBinary()
  if ('missing' in found) {
    process.stderr.write(`${found.missing}\n`)
    process.exitCode = 1
  } else {
    process.stdout.write(`${found.binary}\n`)
  }
}
