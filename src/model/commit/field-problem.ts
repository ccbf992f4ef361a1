/**
 * What is wrong with one field of a node. Thrown inside the model only: the encoder makes it an InvalidError, the
 * decoder an IntegrityError that names the CID.
 */
export class FieldProblem extends Error {
  /** Where: `author.date`, `parents[2]`. */
  readonly field: string

  constructor(field: string, problem: string) {
    super(problem)
    this.name = 'FieldProblem'
    this.field = field
  }
}
