import { formatRefspec } from '../../repo/remote/refspec.ts'
import { listRemotes, type RemoteConfig } from '../../repo/remote/remote-config.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'

/** Lists the remotes, as `git remote` does: names, with `verbose` where each is fetched from and pushed to. */
export function listRemoteLines(context: Context, { verbose, json }: { verbose?: true; json?: true }): Promise<void> {
  return withRepository(context, async ({ config }) => {
    const remotes = listRemotes(config)
    if (json) return context.terminal.json({ remotes: remotes.map((remote) => remoteDocument(remote)) })
    const lines = remotes.flatMap(({ name, url, pushUrl }) => {
      return verbose ? [`${name}\t${url} (fetch)\n`, `${name}\t${pushUrl} (push)\n`] : [`${name}\n`]
    })
    await context.terminal.out(lines.join(''))
  })
}

/** A remote's configuration as JSON shows it. */
export function remoteDocument({ fetch, trustedName, head, ...rest }: RemoteConfig): object {
  return { ...rest, fetch: fetch.map(formatRefspec), head: head ?? null, trustedName: trustedName ?? null }
}
