import { existsSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { NotFoundError } from '../../model/errors.ts'
import { initRepository } from '../../repo/init-repository.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { openRepository, type OpenRepositoryOptions, type Repository } from '../../repo/repository.ts'
import type { SaidAudience } from '../../sync/clone/ask-audience.ts'
import { type Pin, pinDataset, type PinOptions } from '../../sync/clone/pin.ts'
import { publishHeads, unpublishHeads } from '../../sync/publish/published-set.ts'
import type { Home } from '../home/home.ts'
import { removePinNotes } from '../pins/pin-notes.ts'
import { openHomeNames } from './home-names.ts'
import { changeKeptPin, isKeptPin } from './kept-pin.ts'
import { keptPinSetPath, pinSetPath } from './published-files.ts'

/** A dataset that a home keeps. */
export interface HomePin {
  /** Under which it is kept: the IPNS name that it follows, or the CID that was pinned. */
  label: string
  cid: CID
}

/** What is to be pinned: as `pinDataset`, in the home's own repository. */
export type AddPinOptions = Omit<PinOptions, 'repository' | 'names' | 'pin' | 'onAudience'>

/** A dataset that a home was told to keep. */
export interface AddedPin extends Pin {
  /** Whether it is kept for this node only: those who have it give it to some, and not to everybody. */
  restricted: boolean
}

const PINS = 'refs/pins/'

/**
 * Keeps a dataset in the home, without a working tree, and serves it: the blocks to everybody, and the record of the name
 * it was pinned by. What is published to some only is kept for this node alone. Pinned again, a name brings what is new, and
 * for whom it is now. Throws what `pinDataset` and `publishHeads` throw.
 */
export async function addPin(home: Home, options: AddPinOptions): Promise<AddedPin> {
  const { source, command, signal } = options
  const pin = 'name' in source ? source.name : source.cid.toV1().toString()
  const repository = await initRepository(home.layout.pins, { bare: true, command })
  let restricted = isKeptPin(home, pin)
  const onAudience: PinOptions['onAudience'] = async (audience, isChanged) => {
    restricted = isRestricted(audience, restricted, isChanged)
    // Before anything can fail: the record that was just seen is not given on either.
    if (restricted) await changeKeptPin(home, pin, { isKept: true })
  }
  try {
    const names = openHomeNames(home, { command })
    const added = await pinDataset({ ...options, repository, names, pin, onAudience })
    const isKept = restricted || isKeptPin(home, pin)
    const path = isKept ? keptPinSetPath(home.layout, pin) : pinSetPath(home.layout, pin)
    await publishHeads(path, repository.store, [added.cid], { signal })
    // Not before: what it was may not have been for everybody.
    if (!restricted) await changeKeptPin(home, pin, { isKept: false })
    return { ...added, restricted }
  } finally {
    await repository.close()
  }
}

/**
 * Gives up a pin: it is not served any more, follows nothing, and its blocks are no longer kept. Throws NotFoundError
 * `pin-missing` (details: `pin`).
 */
export async function removePin(
  home: Home,
  label: string,
  { command, person }: { command: string; person: Person },
): Promise<Pick<HomePin, 'label'> & { cid: CID | undefined }> {
  // First: the daemon follows it no more, and does not bring it back.
  const wasNoted = await removePinNotes(home, label, command)
  const repository = await openPins(home, command)
  try {
    using lock = await repository?.lock(command)
    const name = `${PINS}${label}`
    const before = await repository?.refs.read(name)
    if (repository === undefined || lock === undefined || before === undefined) {
      // It was to be followed, and nothing of it came yet.
      if (wasNoted) return { label, cid: undefined }
      throw pinMissing(label)
    }
    // First the set: without it nothing is served, wherever we are interrupted.
    await unpublishHeads(pinSetPath(home.layout, label))
    await unpublishHeads(keptPinSetPath(home.layout, label))
    const refs = [{ name, before, after: undefined, message: 'pin: removed' }]
    await runOperation(repository, lock, { command, person, refs })
    return { label, cid: before }
  } finally {
    await repository?.close()
  }
}

/** Where nobody says it, what is known stays as it was, and what is new is not given on while that is doubtful. */
function isRestricted(audience: SaidAudience, before: boolean, isChanged: boolean): boolean {
  if (audience === 'everybody') return false
  if (audience === 'some') return true
  return isChanged ? audience === 'doubtful' : before
}

/** Does something with the repository of a home's pins; false where nothing was ever pinned. */
export async function withPins(
  home: Home,
  options: OpenRepositoryOptions,
  work: (repository: Repository) => Promise<void>,
): Promise<boolean> {
  if (!existsSync(home.layout.pins)) return false
  const repository = await openRepository(home.layout.pins, options)
  try {
    await work(repository)
    return true
  } finally {
    await repository.close()
  }
}

/** The datasets that a home keeps, sorted by their labels. */
export async function listPins(home: Home, { command }: { command: string }): Promise<HomePin[]> {
  const repository = await openPins(home, command)
  const refs = (await repository?.refs.list('refs/pins')) ?? []
  await repository?.close()
  return refs.map(({ name, cid }) => ({ label: name.slice(PINS.length), cid }))
}

async function openPins(home: Home, command: string): Promise<Repository | undefined> {
  return existsSync(home.layout.pins) ? openRepository(home.layout.pins, { command }) : undefined
}

/** NotFoundError `pin-missing` (details: `pin`). */
export function pinMissing(label: string): NotFoundError {
  return new NotFoundError('pin-missing', `nothing is pinned under ${label}`, {
    hint: '`jzfs pin ls` shows what is pinned',
    details: { pin: label },
  })
}
