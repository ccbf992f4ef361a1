/**
 * Above this many bytes a text is not merged line by line; callers need not read what is larger. Where lines are short, a merge
 * takes five times as much as its three texts.
 */
export const MAX_MERGED_BYTES = 16 * 2 ** 20
