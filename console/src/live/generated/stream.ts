// Generated from docs/board.asyncapi.json by types.mjs.

export interface Stream {
told: (Snapshot | Change)
}
/**
 * The whole board.
 */
export interface Snapshot {
ages_s: Ages
/**
 * business time of the figures, ISO 8601
 */
at: string
away: AwayFlow[]
day: Day
/**
 * what of the input was drawn: not in the recorded day
 */
drawn: string[]
/**
 * the longest first; empty for a client's token
 */
overdue: OverdueStay[]
/**
 * the next offset of each topic/partition; a change tells those that moved
 */
position: {
[k: string]: number
}
queues: QueueFigures[]
/**
 * business seconds in one machine second
 */
scale: number
sites: SiteFigures[]
totals: Totals
}
/**
 * How long ago each kind of figure was last known to be true, machine seconds.
 * 
 *     `calls`: everything counted in calls. `agents`: agents by state. `expected_waits`: what the
 *     router says; it grows while the router of any queue is silent.
 */
export interface Ages {
agents: number
calls: number
expected_waits: number
}
/**
 * Calls of one site's callers that another answered in the last 15 minutes.
 */
export interface AwayFlow {
/**
 * calls
 */
calls: number
from: string
to: string
}
/**
 * Whether the day is running, has ended, or has not begun.
 */
export interface Day {
state: ("ended" | "idle" | "running")
}
/**
 * An agent who is not ready for longer than planned, or than the reason allows.
 */
export interface OverdueStay {
agent_id: string
/**
 * business time, ISO 8601
 */
overdue_at: string
reason: string
site_id: string
team_id: (string | null)
}
/**
 * One queue now, and what has become of its calls since the day began.
 */
export interface QueueFigures {
/**
 * calls
 */
abandoned: number
/**
 * calls
 */
answered: number
client: (string | null)
/**
 * for who comes now, business seconds; null while nobody works there
 */
expected_wait_s: (number | null)
/**
 * of the answered, those within 20 s
 */
in_service_level: number
/**
 * calls
 */
in_talk: number
/**
 * business time, ISO 8601; null when nobody waits
 */
longest_wait_since: (string | null)
name: Bilingual
/**
 * calls
 */
offered: number
queue_id: string
/**
 * null when nothing was offered
 */
service_level: (number | null)
/**
 * of the abandoned, those within 5 s
 */
short_abandoned: number
/**
 * calls
 */
waiting: number
}
/**
 * A name in Russian and in English.
 */
export interface Bilingual {
en: string
ru: string
}
/**
 * One site now, and what it has done since the day began.
 */
export interface SiteFigures {
agents: AgentCounts
/**
 * calls of this site's callers, wherever answered
 */
answered: number
/**
 * of them, those that another site answered
 */
answered_away: number
/**
 * calls
 */
in_talk: number
lat: number
lon: number
name: Bilingual
site_id: string
status: ("closed" | "draining" | "lost" | "open")
/**
 * calls that wait and have their home here
 */
waiting: number
}
/**
 * Agents in each state; who is signed out is in none of them.
 */
export interface AgentCounts {
Hold: number
NotReady: number
Ready: number
Reserved: number
Talking: number
WrapUp: number
}
/**
 * All that the reader may see, together.
 */
export interface Totals {
/**
 * calls
 */
abandoned: number
agents: AgentCounts
/**
 * calls
 */
answered: number
/**
 * average speed of answer, business seconds; null: nothing was answered
 */
asa_s: (number | null)
/**
 * arrivals in the last business minute
 */
calls_per_minute: number
/**
 * calls
 */
contained: number
/**
 * calls
 */
failed: number
/**
 * of the answered, those within 20 s
 */
in_service_level: number
/**
 * calls
 */
in_talk: number
/**
 * business time, ISO 8601; null when nobody waits
 */
longest_wait_since: (string | null)
/**
 * calls
 */
offered: number
/**
 * null when nothing was offered
 */
service_level: (number | null)
/**
 * of the abandoned, those within 5 s
 */
short_abandoned: number
/**
 * calls
 */
waiting: number
}
/**
 * What has changed: parts that are missing have not.
 * 
 *     `sites` and `queues` hold the entries that changed, each whole; of `away` also those that are
 *     no more, with 0 calls. Other parts are whole.
 */
export interface Change {
ages_s: Ages
/**
 * business time of the figures, ISO 8601
 */
at: string
away?: AwayFlow[]
day?: Day
drawn?: string[]
overdue?: OverdueStay[]
/**
 * the next offset of each topic/partition; a change tells those that moved
 */
position: {
[k: string]: number
}
queues?: QueueFigures[]
/**
 * business seconds in one machine second
 */
scale: number
sites?: SiteFigures[]
totals?: Totals
}
