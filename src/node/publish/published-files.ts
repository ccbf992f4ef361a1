import { join } from 'node:path'

import type { HomeLayout } from '../home/home-layout.ts'

const PIN = 'pin-'
const SUFFIX = '.set'

/** The digest set of the head with this IPNS name. */
export function headSetPath(layout: HomeLayout, name: string): string {
  return join(layout.published, `${name}${SUFFIX}`)
}

/** The digest set of a pin; its label is a CID or an IPNS name. */
export function pinSetPath(layout: HomeLayout, label: string): string {
  return join(layout.published, `${PIN}${label}${SUFFIX}`)
}

/** The label of the pin whose digest set a file in the folder `published` is, undefined for other files. */
export function pinOfSetFile(file: string): string | undefined {
  return file.startsWith(PIN) && file.endsWith(SUFFIX) ? file.slice(PIN.length, -SUFFIX.length) : undefined
}
