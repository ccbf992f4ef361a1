import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** The layers of `src`, lowest first: a file imports only from its own and from those before it. */
export const LAYERS = ['model', 'store', 'repo', 'worktree', 'sync', 'node', 'http', 'cli'] as const

interface Rule {
  reason: string
  /** The layers to which the rule does not apply. */
  except: readonly string[]
  /** The layers to which alone it applies; all when absent. */
  only?: readonly string[]
  imports?: RegExp
  source?: RegExp
}

const RULES: Rule[] = [
  {
    reason: 'only node knows Helia and libp2p: they cost half a second to import',
    except: ['node'],
    imports: /^(helia|libp2p|@helia\/|@libp2p\/(?!crypto\b)|@multiformats\/multiaddr|datastore-level|datastore-core)/,
  },
  { reason: 'only sync and node know keys and records', except: ['sync', 'node'], imports: /^(ipns|@libp2p\/crypto)/ },
  { reason: 'only cli prints', except: ['cli'], source: /\bconsole\.|process\.(stdout|stderr)\b/ },
  {
    reason: 'only cli exits and reads the environment',
    except: ['cli'],
    source: /process\.(env|exit|exitCode|argv)\b/,
  },
  {
    reason: 'model is pure: no I/O, no clock, no randomness',
    except: [],
    only: ['model'],
    imports: /^node:(?!crypto$|buffer$|util$)/,
    source: /\bDate\.now\(|new Date\(\)|Math\.random\(|random(UUID|Bytes)\b/,
  },
]

/** The violations of the layers in a tree like `src`: one line each, with the reason. */
export function layerViolations(root: string): string[] {
  return sourceFiles(root).flatMap((file) => {
    const layer = file.split('/')[0]!
    if (!(LAYERS as readonly string[]).includes(layer)) return [`${file}: ${layer} is not a layer`]
    const text = readFileSync(join(root, file), 'utf8')
    const imports = importsOf(text)
    return [...upwardImports(file, layer, imports), ...brokenRules(file, layer, imports, text)]
  })
}

function upwardImports(file: string, layer: string, imports: string[]): string[] {
  const rank = LAYERS.indexOf(layer as (typeof LAYERS)[number])
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)))
    .filter((target) => !target.startsWith('..'))
    .filter((target) => LAYERS.indexOf(target.split('/')[0] as (typeof LAYERS)[number]) > rank)
    .map((target) => `${file} imports ${target}: a layer imports only from those to its left`)
}

function brokenRules(file: string, layer: string, imports: string[], text: string): string[] {
  return RULES.filter((rule) => !rule.except.includes(layer) && (rule.only?.includes(layer) ?? true))
    .filter(
      (rule) => imports.some((specifier) => rule.imports?.test(specifier)) || rule.source?.test(withoutComments(text)),
    )
    .map((rule) => `${file}: ${rule.reason}`)
}

function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, '')
}

function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
}
