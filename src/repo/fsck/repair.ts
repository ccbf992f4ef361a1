/** One thing that a repair has done. */
export interface Repair {
  /** `head-restored`, `ref-restored`, `packed-refs-restored`, `reflog-cut`, `operation-aside`, `sequence-aside`, `pack-salvaged`, `file-aside`, `blocks-restored`, `index-rebuilt`, `aside-removed`. */
  code: string
  message: string
  /** The file that was damaged, or the one that has taken its place. */
  path?: string | undefined
  /** Where what was there before is kept. */
  aside?: string | undefined
}
