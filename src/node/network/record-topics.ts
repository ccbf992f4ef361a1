import { type GossipSub, gossipsub, type GossipsubMessage, TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'

import { ipnsRoutingKey, nameOfRoutingKey } from '../../sync/names/ipns-name.ts'
import { MAX_RECORD_BYTES } from '../../sync/protocol/sync-limits.ts'
import { createMessageQuota } from './message-quota.ts'

/**
 * Records by topic, as IPNS over PubSub has them (https://specs.ipfs.tech/ipns/ipns-pubsub-router/): the topic of a name is
 * `/record/` and its routing key in base64url, the message is the record.
 */
export interface RecordTopics {
  /** Follows the topics of these names, and no others. */
  follow(names: readonly string[]): void
  /** Gives the record of a name to those that follow its topic; nobody need. */
  publish(name: string, record: Uint8Array): Promise<void>
  /** Tells of each message that was let pass. `peerId` is who passed it on. Returns what ends that. */
  onRecord(listener: (name: string, record: Uint8Array, peerId: string) => void): () => void
}

/** Whether a message is taken and passed on (`accept`), only dropped (`ignore`), or held against who sent it (`reject`). */
export type JudgeMessage = (name: string, record: Uint8Array) => Promise<'accept' | 'ignore' | 'reject'>

/** Bytes of one frame of the protocol: many topics, or a record with its envelope. */
const MAX_FRAME_BYTES = 262_144

/** Things of each kind in one frame. */
const MAX_IN_FRAME = 512

/** Peers that one frame may tell of: none is dialled. */
const MAX_PEER_INFOS = 16

/** Messages that one peer may send within a second; what is beyond is dropped unseen. */
const MAX_MESSAGES_PER_SECOND = 32

/** How often meshes are looked after, in milliseconds. Names move seldom: that of gossipsub (1 s) would only cost. */
const HEARTBEAT_MS = 5000

/** The gossipsub of a node of ours. It relays nothing that it does not follow. */
export function recordGossip(): ReturnType<typeof gossipsub> {
  return gossipsub({
    heartbeatInterval: HEARTBEAT_MS,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    maxInboundDataLength: MAX_FRAME_BYTES,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    decodeRpcLimits: {
      maxSubscriptions: MAX_IN_FRAME,
      maxMessages: MAX_IN_FRAME,
      maxIhaveMessageIDs: MAX_IN_FRAME,
      maxIwantMessageIDs: MAX_IN_FRAME,
      maxIdontwantMessageIDs: MAX_IN_FRAME,
      maxControlMessages: MAX_IN_FRAME,
      maxPeerInfos: MAX_PEER_INFOS,
    },
  })
}

/** Records by topic over a node's gossipsub. What `judge` does not accept is not passed on. */
export function createRecordTopics(gossip: GossipSub, judge: JudgeMessage): RecordTopics {
  const quota = createMessageQuota(MAX_MESSAGES_PER_SECOND)
  const validate = async (name: string, peer: PeerId, record: Uint8Array): Promise<TopicValidatorResult> => {
    if (record.length > MAX_RECORD_BYTES) return TopicValidatorResult.Reject
    if (!quota.take(peer.toString())) return TopicValidatorResult.Ignore
    return RESULTS[await judge(name, record)]
  }
  return {
    follow(names) {
      const wanted = new Map(names.map((name) => [topicOf(name), name]))
      for (const topic of gossip.getTopics()) {
        if (wanted.has(topic)) continue
        gossip.unsubscribe(topic)
        gossip.topicValidators.delete(topic)
      }
      for (const [topic, name] of wanted) {
        if (gossip.topicValidators.has(topic)) continue
        gossip.topicValidators.set(topic, (peer, { data }) => validate(name, peer, data))
        gossip.subscribe(topic)
      }
    },
    async publish(name, record) {
      await gossip.publish(topicOf(name), record)
    },
    onRecord(listener) {
      const tell = ({ detail: { msg, propagationSource } }: CustomEvent<GossipsubMessage>): void => {
        const name = nameOf(msg.topic)
        if (name !== undefined) listener(name, msg.data, propagationSource.toString())
      }
      gossip.addEventListener('gossipsub:message', tell)
      return () => gossip.removeEventListener('gossipsub:message', tell)
    },
  }
}

/**
 * What to do when the node has stopped: gossipsub 17.1 leaves the timer of its next heartbeat, and the process would not end
 * before. To be asked for while the node still runs.
 */
export function heartbeatOf(gossip: GossipSub): { forget(): void } {
  const status: unknown = Reflect.get(gossip, 'status')
  return {
    forget() {
      const isArmed = typeof status === 'object' && status !== null && 'heartbeatTimeout' in status
      if (isArmed) clearTimeout(status.heartbeatTimeout as NodeJS.Timeout)
    },
  }
}

const RESULTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

const PREFIX = '/record/'

function topicOf(name: string): string {
  return `${PREFIX}${Buffer.from(ipnsRoutingKey(name)).toString('base64url')}`
}

function nameOf(topic: string): string | undefined {
  return topic.startsWith(PREFIX) ? nameOfRoutingKey(Buffer.from(topic.slice(PREFIX.length), 'base64url')) : undefined
}
