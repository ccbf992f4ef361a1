import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { expect, it } from 'vitest'

import { watchPeak } from '../../scripts/bench/measure.ts'
import { createNode, type Node } from '../support/jzfs.ts'
import { seededPieces } from '../support/seeded.ts'

const MAX_RESIDENT_BYTES = 200 * 1024 * 1024

/** Runs a command that must succeed, and says the peak of its resident memory in bytes. */
async function peakOfRun(node: Node, args: string[]): Promise<number> {
  const running = node.start(args)
  const watch = watchPeak(running.process)
  const ended = await running.ended
  const peakBytes = watch.stop()
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  return peakBytes
}

/** A node with a published dataset of 1 GiB in four files; the dataset's name, and its repository's. */
async function publishGibibyte(): Promise<{ node: Node; name: string; repository: string }> {
  const node = createNode()
  for (const file of ['a', 'b', 'c', 'd']) {
    await writeFile(join(node.folder, file), seededPieces(`big ${file}`, 268_435_456))
  }
  await node.jzfs(['init', '-q'])
  await node.jzfs(['add', '.'])
  await node.jzfs(['commit', '-q', '-m', 'a gibibyte'])
  const name = /main as (ipns:\/\/\w+)/.exec((await node.jzfs(['publish'])).stdout)?.[1]
  return { node, name: name!, repository: basename(node.folder) }
}

it.skipIf(process.platform !== 'linux')(
  '1 GiB is served, carried and received by processes that stay under 200 MiB',
  async () => {
    const { node, name, repository } = await publishGibibyte()
    const [withDaemon, alone] = [createNode(), createNode()]
    const server = node.start(['daemon', '--http-port', '0'])
    const said = await server.until('Ready.')
    const [libp2p, http] = [/listening on (\/ip4\S+)/, /listening on (http\S+)/].map((line) => line.exec(said)![1]!)
    const carrier = await withDaemon.daemon()
    const watched = { server: watchPeak(server.process), carrier: watchPeak(carrier.process) }

    const peaks: Record<string, number> = {}
    for (const [who, by, source] of [
      ['alone', alone, [name, '--peer', libp2p!]],
      ['overHttp', alone, [`${http}/${repository}`]],
      ['throughDaemon', withDaemon, [name, '--peer', libp2p!]],
    ] as const) {
      peaks[who] = await peakOfRun(by, ['clone', '-q', source[0], who, ...source.slice(1)])
    }
    const { stdout: metrics } = await withDaemon.jzfs(['daemon', 'metrics'])
    expect(metrics).toMatch(/^jzfs_carried_streams_total [1-9]/m)
    for (const [who, watch] of Object.entries(watched)) peaks[who] = watch.stop()
    for (const [who, peak] of Object.entries(peaks)) {
      expect(peak, `${who}: ${JSON.stringify(peaks)}`).toBeGreaterThan(0)
      expect(peak, `${who}: ${JSON.stringify(peaks)}`).toBeLessThan(MAX_RESIDENT_BYTES)
    }
  },
)
