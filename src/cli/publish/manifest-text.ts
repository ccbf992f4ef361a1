import type { Manifest } from '../../model/manifest/manifest.ts'
import { quoteName } from '../../model/quote-name.ts'

/** A manifest for people: its fields, then its branches and tags, and what it says of itself. */
export function manifestText({ name, description, defaultBranch, branches, tags }: Manifest): string {
  const lines = [
    `name ${quoteName(name)}`,
    ...(defaultBranch === undefined ? [] : [`default ${defaultBranch}`]),
    ...branches.map(({ name: branch, head, ipns }) =>
      ['branch', head.toString(), branch, ...(ipns === undefined ? [] : [`ipns://${ipns}`])].join(' '),
    ),
    ...tags.map(({ name: tag, target }) => `tag ${target.toString()} ${tag}`),
    ...(description === '' ? [] : ['', description]),
  ]
  return `${lines.join('\n')}\n`
}
