import * as chai from 'chai'
import chaiAsPromised from 'chai-as-promised'

chai.use(chaiAsPromised)

// aegir's chai lets properties that assert be called, too (`to.be.true()`); they assert when they are read.
chai.use(({ Assertion }) => {
  for (const name of ['ok', 'true', 'false']) {
    Assertion.overwriteProperty(name, (assertProperty: () => void) => {
      return function (this: Chai.AssertionStatic) {
        assertProperty.call(this)
        return () => this
      }
    })
  }
})

/** What `interface-blockstore-tests` imports as `aegir/chai`, without the rest of aegir. */
export const expect = chai.expect
