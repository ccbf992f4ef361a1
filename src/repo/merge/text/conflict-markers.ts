/** The beginnings of lines that a merge leaves and hardly anybody else writes. A line of `=` alone is a heading to many. */
const MARKERS = ['<<<<<<<', '>>>>>>>'].map((signs) => Buffer.from(signs))

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32

/** Whether a text has a line with which a marked conflict begins or ends. */
export function hasConflictMarkers(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return MARKERS.some((marker) => {
    for (let at = text.indexOf(marker); at !== -1; at = text.indexOf(marker, at + 1)) {
      const isAtStart = at === 0 || text[at - 1] === LINE_FEED
      if (isAtStart && endsMarker(text[at + marker.length])) return true
    }
    return false
  })
}

function endsMarker(next: number | undefined): boolean {
  return next === undefined || next === SPACE || next === LINE_FEED || next === CARRIAGE_RETURN
}
