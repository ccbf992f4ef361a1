import * as chai from 'chai'
import chaiAsPromised from 'chai-as-promised'

chai.use(chaiAsPromised)

/** What `interface-blockstore-tests` imports as `aegir/chai`, without the rest of aegir. */
export const expect = chai.expect
