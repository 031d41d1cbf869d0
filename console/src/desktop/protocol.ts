import type {
  AgentView,
  CallMessage,
  CommandBody,
  Heartbeat,
  Offer,
  OfferGone,
  Protocol,
  Reply,
} from "./generated/protocol";

/** What the page offers as `Sec-WebSocket-Protocol`, beside its token. */
export const PROTOCOL = "desktop.v1";

export type {
  AgentView,
  CallMessage,
  Offer,
  OfferGone,
  SlotView,
  Text,
} from "./generated/protocol";
export type Told = Protocol["told"];
/** A command without its id, which the line gives it. */
export type Command = Omit<CommandBody, "command_id">;
export type CommandName = CommandBody["command"];
/** What is known of a call, as it rings and in the talk. */
export type Card = Offer | CallMessage;
export type WrapUp = NonNullable<AgentView["wrap_ups"]>[number];
/** Messages that change what is shown. */
export type Shown = Exclude<Told, Heartbeat | Reply>;
export type Gone = Pick<OfferGone, "reservation_id" | "reason">;

/** A problem document (RFC 9457) with what is true instead. */
export interface ProblemDocument {
  code?: string;
  title?: string;
  detail?: string;
  outcome?: string;
  state?: string;
}
