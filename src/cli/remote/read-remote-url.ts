import { canonicalRemoteUrl, parseRemoteUrl } from '../../repo/remote/remote-url.ts'
import type { Context } from '../context.ts'

/**
 * A URL of the command line as the configuration keeps it; paths begin where the user stands. Throws InvalidError
 * `remote-url-invalid`, `ipns-name-invalid`.
 */
export async function readRemoteUrl({ cwd }: Context, text: string): Promise<string> {
  const url = parseRemoteUrl(text, cwd)
  if (url.kind === 'ipns') {
    const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
    parseIpnsName(url.name)
  }
  return canonicalRemoteUrl(text, cwd)
}
