import type { AbortOptions, BlockSource } from '../../../model/block.ts'
import { type FileVersions, planChild, type PlanNode } from '../merge-plan.ts'
import { openEntry } from '../open-entry.ts'
import { fileVersionsOf, insideOf, type OpenedVersions } from '../opened-versions.ts'
import type { TreeLookup } from '../tree-lookup.ts'
import { joinPath } from '../tree-path.ts'

/** The files of a plan. */
export interface PlanFiles {
  /** What meets at a path. Where nothing was to be decided yet there is from now on. */
  at(path: string): Promise<FileVersions>
}

/** A node of a plan on the way to a file. */
interface Step {
  node: PlanNode
  path: string
  /** Whether it, or a directory above it, was taken from theirs as a whole: theirs is what stands there. */
  isTaken: boolean
}

/** Gives access to the files of a plan by their paths; what the plan does not have yet is looked up in the trees. */
export function createPlanFiles(
  { plan, files }: { plan: PlanNode; files: Map<string, FileVersions> },
  lookup: TreeLookup,
  source: BlockSource,
  options: AbortOptions,
): PlanFiles {
  const openVersions = async (path: string): Promise<OpenedVersions> => {
    const { base, ours, theirs } = await lookup.find(path)
    const open = (link: typeof base) => openEntry(source, path, link, options)
    return { base: await open(base), ours: await open(ours), theirs: await open(theirs) }
  }
  const decideHere = ({ node, path, isTaken }: Step, opened: OpenedVersions): FileVersions => {
    const file = fileVersionsOf(path, opened)
    if (!node.isDirectory) {
      node.isDirectory = insideOf(isTaken ? opened.theirs : opened.ours) !== undefined
      if (!node.isDirectory) {
        delete node.taken
        node.startsEmpty = true
      }
    }
    node.file = file
    files.set(path, file)
    return file
  }
  /** Makes a directory of a node that was to stay what it is. */
  const enter = async (step: Step): Promise<void> => {
    const { node, path, isTaken } = step
    if (node.isDirectory) return
    if (node.file === undefined) {
      const opened = await openVersions(path)
      const { kind } = isTaken ? opened.theirs : opened.ours
      if (kind === 'file') decideHere(step, opened)
      else if (kind === 'none') node.startsEmpty = true
    } else {
      node.startsEmpty = true
    }
    node.isDirectory = true
  }
  return {
    async at(path) {
      const known = files.get(path)
      if (known !== undefined) return known
      let step: Step = { node: plan, path: '', isTaken: false }
      for (const name of path.split('/')) {
        if (step.path !== '') await enter(step)
        const node = planChild(step.node, name)
        step = { node, path: joinPath(step.path, name), isTaken: isTakenAt(node, step) }
      }
      return decideHere(step, await openVersions(path))
    },
  }
}

function isTakenAt(node: PlanNode, above: Step): boolean {
  return node.taken === undefined ? above.isTaken : node.isTakenFromOurs !== true
}
