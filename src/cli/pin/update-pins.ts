import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Home } from '../../node/home/home.ts'
import type { Pin } from '../../sync/clone/pin.ts'
import type { Context } from '../context.ts'
import { exitStatus } from '../exit-status.ts'
import { openHomeHere } from '../network.ts'
import { blocksText } from '../progress.ts'
import { failureDocuments, warnOfFailures } from '../remote/refused-peers.ts'
import { readPin } from './read-pin.ts'
import { withPinTransfer } from './with-pin-transfer.ts'

/**
 * Brings pins up to date, one after the other: all that follow a name, or those that are named. One that fails does not keep
 * the others from it; the exit status is that of the first that did.
 */
export async function updatePins(
  context: Context,
  texts: readonly string[],
  { peer: given = [], json, quiet }: { peer?: string[]; json?: true; quiet?: true },
): Promise<void> {
  const home = openHomeHere(context)
  const labels = texts.length > 0 ? await readPins(home, texts) : await followedPins(home)
  const documents: object[] = []
  for (const label of labels) {
    try {
      const { cid, before, fetched } = await update(context, home, label, given)
      const { blocks, bytes, failures } = fetched
      warnOfFailures(context.terminal, failures)
      documents.push({ label, cid, before, blocks, bytes, failures: failureDocuments(failures) })
      const isKept = before?.equals(cid) === true
      const line = isKept ? `up to date: ipns://${label}` : `ipns://${label} ${cid.toString()} (${blocksText(fetched)})`
      if (json !== true && quiet !== true) await context.terminal.out(`${line}\n`)
    } catch (error) {
      if (!(error instanceof JzfsError) || context.signal.aborted) throw error
      const { code, message } = error
      // A peer that nobody reached was not asked: that is not noted yet.
      await note(context, home, label, error)
      documents.push({ label, error: { code, message } })
      context.terminal.say(`error: ipns://${label}: ${message}`)
      context.status = context.status === 0 ? exitStatus(error, context.command) : context.status
    }
  }
  if (json) await context.terminal.json(documents)
}

async function readPins(home: Home, texts: readonly string[]): Promise<string[]> {
  const { readPinNotes } = await import('../../node/pins/pin-notes.ts')
  const labels: string[] = []
  for (const text of texts) {
    const { label } = await readPin(home, text)
    if (readPinNotes(home, label)?.follows !== true) throw notFollowed(text)
    labels.push(label)
  }
  return labels
}

async function followedPins(home: Home): Promise<string[]> {
  const { listNotedPins, readPinNotes } = await import('../../node/pins/pin-notes.ts')
  return listNotedPins(home).filter((label) => readPinNotes(home, label)?.follows === true)
}

async function update(context: Context, home: Home, label: string, given: readonly string[]): Promise<Pin> {
  const [{ updatePin }, { readPinNotes }] = await Promise.all([
    import('../../node/pins/update-pin.ts'),
    import('../../node/pins/pin-notes.ts'),
  ])
  const addresses = given.length > 0 ? given : (readPinNotes(home, label)?.peers ?? [])
  return withPinTransfer(context, home, addresses, (transfer) => updatePin(home, label, transfer))
}

async function note({ commandLine, now }: Context, home: Home, label: string, error: JzfsError): Promise<void> {
  const { notePinProblem } = await import('../../node/pins/update-pin.ts')
  await notePinProblem(home, label, error, { command: commandLine, now: now() })
}

function notFollowed(text: string): NotFoundError {
  return new NotFoundError('pin-not-followed', `no pin follows ${text}`, {
    hint: 'follow it: `jzfs pin add --follow ipns://NAME`',
    details: { pin: text },
  })
}
