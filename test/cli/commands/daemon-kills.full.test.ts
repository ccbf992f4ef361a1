import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { createNode, untilReceived } from '../../support/jzfs.ts'
import { folderContent } from '../../worktree/support/folder-content.ts'
import { differences, shareDataset } from './clone-kills.ts'

const TIMEOUT = 60_000

describe('a daemon that is killed in the middle of a clone', { timeout: TIMEOUT }, () => {
  const large = { files: 10, largeBytes: 150_000_000 }

  it('at the other side: the clone says so, and goes on when it is back', async () => {
    const source = await shareDataset(large)
    const cloner = createNode()
    const args = (address: string) => ['clone', source.share.name, 'x', '--peer', address]
    const running = cloner.start(args(source.share.address))
    await untilReceived(join(cloner.folder, 'x'), 10_000_000, running)
    await source.share.stop('SIGKILL')
    expect(await running.ended).toMatchObject({
      status: 128,
      stderr: expect.stringMatching(
        /^jzfs: .* ended the transfer before everything was there\nhint: run the command again/,
      ),
    })
    const { address } = await source.node.daemon()
    expect(await cloner.jzfs(args(address))).toMatchObject({ status: 0 })
    expect(differences(folderContent(join(cloner.folder, 'x')), source.files)).toEqual([])
  })

  it('at this side: the clone says so, and goes on without it', async () => {
    const source = await shareDataset(large)
    const cloner = createNode()
    const daemon = await cloner.daemon()
    const args = ['clone', source.share.name, 'x', '--peer', source.share.address]
    const running = cloner.start(args)
    await untilReceived(join(cloner.folder, 'x'), 10_000_000, running)
    await daemon.stop('SIGKILL')
    expect(await running.ended).toMatchObject({
      status: 128,
      stderr: expect.stringMatching(/^jzfs: .*\nhint: run the command again/),
    })
    expect(await cloner.jzfs(args)).toMatchObject({ status: 0 })
    expect(differences(folderContent(join(cloner.folder, 'x')), source.files)).toEqual([])
  })
})
