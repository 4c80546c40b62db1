package dev.baton.reason;

import dev.baton.bindings.flow.Baton;
import org.jspecify.annotations.Nullable;

/**
 * Every refusal, drop and fallback, by the number that C, Java, metrics and docs/reasons.md share.
 *
 * <p>The numbers come from {@code enum baton_reason} in {@code bpf/include/baton.h}: below {@link
 * #FIRST_OF_CONTROLLER} the data plane counts, from there on the controller.
 */
public enum Reason {
  /** Nothing to report. */
  NONE(Baton.BATON_REASON_NONE(), "Nothing to report."),
  /** A packet of a live flow was rewritten and forwarded. */
  TRANSLATED(Baton.BATON_TRANSLATED(), "A packet of a live flow was rewritten and forwarded."),
  /** A packet of a pending handoff was told to the controller and went no further. */
  TO_USER(
      Baton.BATON_TO_USER(),
      "A packet of a pending handoff was told to the controller and went no further."),
  /** A packet matched a flow but came in by another interface than the flow's. */
  DROP_WRONG_INTERFACE(
      Baton.BATON_DROP_WRONG_INTERFACE(),
      "A packet matched a flow but came in by another interface than the flow's."),
  /** A packet of a flow was cut short or lied about its lengths. */
  DROP_MALFORMED(
      Baton.BATON_DROP_MALFORMED(), "A packet of a flow was cut short or lied about its lengths."),
  /** A packet of a flow had IP options, which are not translated. */
  DROP_IP_OPTIONS(
      Baton.BATON_DROP_IP_OPTIONS(),
      "A packet of a flow had IP options, which are not translated."),
  /** A packet of a flow was an IP fragment. */
  DROP_FRAGMENT(Baton.BATON_DROP_FRAGMENT(), "A packet of a flow was an IP fragment."),
  /** A packet of a flow had used up its time to live. */
  DROP_TTL(Baton.BATON_DROP_TTL(), "A packet of a flow had used up its time to live."),
  /** A packet on a pending handoff's tuple was no answer to its SYN. */
  DROP_PENDING_OTHER(
      Baton.BATON_DROP_PENDING_OTHER(),
      "A packet on a pending handoff's tuple was no answer to its SYN."),
  /** A SYN arrived on the tuple of a flow that is still live. */
  DROP_SYN_IN_FLOW(
      Baton.BATON_DROP_SYN_IN_FLOW(), "A SYN arrived on the tuple of a flow that is still live."),
  /** A packet from outside carried the REDIRECT option. */
  DROP_OPTION_FROM_OUTSIDE(
      Baton.BATON_DROP_OPTION_FROM_OUTSIDE(), "A packet from outside carried the REDIRECT option."),
  /** The DMZ node's own stack tried to send on a live flow's tuple. */
  DROP_GUARD(
      Baton.BATON_DROP_GUARD(), "The DMZ node's own stack tried to send on a live flow's tuple."),
  /** The controller could not be told of a packet, for its ring was full. */
  DROP_RING_FULL(
      Baton.BATON_DROP_RING_FULL(),
      "The controller could not be told of a packet, for its ring was full."),
  /** An answer to a SYN acknowledged another sequence number than ours. */
  DROP_BAD_ACK(
      Baton.BATON_DROP_BAD_ACK(),
      "An answer to a SYN acknowledged another sequence number than ours."),
  /** A pending handoff had expired, so its packet went to the kernel. */
  PASS_EXPIRED(
      Baton.BATON_PASS_EXPIRED(),
      "A pending handoff had expired, so its packet went to the kernel."),
  /** A new connection began on the tuple of a closed flow, which ended at once. */
  PASS_SYN_AFTER_CLOSE(
      Baton.BATON_PASS_SYN_AFTER_CLOSE(),
      "A new connection began on the tuple of a closed flow, which ended at once."),
  /** A packet of a flow could not be rewritten or forwarded. */
  DROP_REWRITE(
      Baton.BATON_DROP_REWRITE(), "A packet of a flow could not be rewritten or forwarded."),
  /** A packet of a flow had IPv6 extension headers, which are not translated. */
  DROP_EXTENSION(
      Baton.BATON_DROP_EXTENSION(),
      "A packet of a flow had IPv6 extension headers, which are not translated."),
  /**
   * A segment in a client's name, outside its windows, came before the client's clock was known.
   */
  DROP_UNACCEPTABLE(
      Baton.BATON_DROP_UNACCEPTABLE(),
      "A segment in a client's name, outside its windows, came before the client's clock was known."),
  /** A packet of a flow was too big for its way on; its sender was told by ICMP. */
  TOO_BIG_ANSWERED(
      Baton.BATON_TOO_BIG_ANSWERED(),
      "A packet of a flow was too big for its way on; its sender was told by ICMP."),
  /** A packet of a flow was too big for its way on, and its sender could not be told. */
  DROP_TOO_BIG(
      Baton.BATON_DROP_TOO_BIG(),
      "A packet of a flow was too big for its way on, and its sender could not be told."),
  /** An ICMP error about a live flow was translated and sent to the side it is for. */
  ICMP_TRANSLATED(
      Baton.BATON_ICMP_TRANSLATED(),
      "An ICMP error about a live flow was translated and sent to the side it is for."),
  /** An ICMP error about a flow was malformed, or says nothing to its endpoints. */
  DROP_ICMP(
      Baton.BATON_DROP_ICMP(),
      "An ICMP error about a flow was malformed, or says nothing to its endpoints."),
  /** A closed flow turned out to live and is live again. */
  REVIVED(Baton.BATON_REVIVED(), "A closed flow turned out to live and is live again."),
  /** A packet of a live flow was rewritten and forwarded by XDP. */
  XDP_TRANSLATED(
      Baton.BATON_XDP_TRANSLATED(), "A packet of a live flow was rewritten and forwarded by XDP."),
  /** XDP left a packet of a flow to tc. */
  XDP_TO_TC(Baton.BATON_XDP_TO_TC(), "XDP left a packet of a flow to tc."),
  /** A client's way carries too little to tell the target: its packets may be fragmented. */
  MAY_FRAGMENT(
      Baton.BATON_MAY_FRAGMENT(),
      "A client's way carries too little to tell the target: its packets may be fragmented."),
  /** A SYN came from a source that the lists deny. */
  DROP_DENIED(Baton.BATON_DROP_DENIED(), "A SYN came from a source that the lists deny."),
  /** A client repeated bytes of a head that was changed, before the target had the changed ones. */
  DROP_REPEATED(
      Baton.BATON_DROP_REPEATED(),
      "A client repeated bytes of a head that was changed, before the target had the changed ones."),
  /** No site has the host that the request names (404). */
  UNKNOWN_HOST(Baton.BATON_UNKNOWN_HOST(), "No site has the host that the request names (404)."),
  /** None of the site's nodes is up (503). */
  NO_NODE_UP(Baton.BATON_NO_NODE_UP(), "None of the site's nodes is up (503)."),
  /** No candidate answered the SYN in time (504). */
  TARGET_SILENT(Baton.BATON_TARGET_SILENT(), "No candidate answered the SYN in time (504)."),
  /** A candidate answered the SYN with RST (502 when it was the last). */
  TARGET_REFUSED(
      Baton.BATON_TARGET_REFUSED(),
      "A candidate answered the SYN with RST (502 when it was the last)."),
  /** A candidate answered without the timestamps that the client leg uses. */
  TARGET_NO_TIMESTAMPS(
      Baton.BATON_TARGET_NO_TIMESTAMPS(),
      "A candidate answered without the timestamps that the client leg uses."),
  /** A candidate still knew the tuple, so another port was taken. */
  TARGET_CHALLENGED(
      Baton.BATON_TARGET_CHALLENGED(),
      "A candidate still knew the tuple, so another port was taken."),
  /** The request head is not valid or could be read in two ways (400). */
  HEAD_MALFORMED(
      Baton.BATON_HEAD_MALFORMED(),
      "The request head is not valid or could be read in two ways (400)."),
  /** The request head did not end within the limit (431). */
  HEAD_TOO_LARGE(
      Baton.BATON_HEAD_TOO_LARGE(), "The request head did not end within the limit (431)."),
  /** The request head was not whole in time (408). */
  HEAD_TOO_SLOW(Baton.BATON_HEAD_TOO_SLOW(), "The request head was not whole in time (408)."),
  /** An HTTP/1.1 request did not name its host (400). */
  NO_HOST(Baton.BATON_NO_HOST(), "An HTTP/1.1 request did not name its host (400)."),
  /** The client reset or left before the handoff was live. */
  CLIENT_GONE(Baton.BATON_CLIENT_GONE(), "The client reset or left before the handoff was live."),
  /** Every source port towards the target carries a live flow (503). */
  PORTS_EXHAUSTED(
      Baton.BATON_PORTS_EXHAUSTED(),
      "Every source port towards the target carries a live flow (503)."),
  /** The flow map is full of live flows (503). */
  FLOWS_EXHAUSTED(Baton.BATON_FLOWS_EXHAUSTED(), "The flow map is full of live flows (503)."),
  /** The connection did not come through the data plane, so it cannot be handed off. */
  NOT_THROUGH_PROGRAM(
      Baton.BATON_NOT_THROUGH_PROGRAM(),
      "The connection did not come through the data plane, so it cannot be handed off."),
  /** The target stopped acknowledging the replay, so the flow was reset. */
  REPLAY_TIMED_OUT(
      Baton.BATON_REPLAY_TIMED_OUT(),
      "The target stopped acknowledging the replay, so the flow was reset."),
  /** A controller died in the middle of a replay, so its successor reset the flow. */
  REPLAY_ORPHANED(
      Baton.BATON_REPLAY_ORPHANED(),
      "A controller died in the middle of a replay, so its successor reset the flow."),
  /** The target reset the connection during the replay. */
  TARGET_RESET_IN_REPLAY(
      Baton.BATON_TARGET_RESET_IN_REPLAY(), "The target reset the connection during the replay."),
  /** The client leg's state could not be read from the kernel. */
  SNAPSHOT_FAILED(
      Baton.BATON_SNAPSHOT_FAILED(), "The client leg's state could not be read from the kernel."),
  /**
   * The request needs something that is not done here, such as CONNECT or HTTP/2 (405, 421, 501,
   * 505).
   */
  UNSUPPORTED_REQUEST(
      Baton.BATON_UNSUPPORTED_REQUEST(),
      "The request needs something that is not done here, such as CONNECT or HTTP/2 (405, 421, 501, 505)."),
  /** The controller ended before the handoff (503) or its replay (RST both ways) was finished. */
  SHUTTING_DOWN(
      Baton.BATON_SHUTTING_DOWN(),
      "The controller ended before the handoff (503) or its replay (RST both ways) was finished."),
  /** Too many connections were being set up, so new ones waited to be accepted. */
  TOO_MANY_CONNECTIONS(
      Baton.BATON_TOO_MANY_CONNECTIONS(),
      "Too many connections were being set up, so new ones waited to be accepted."),
  /** The DMZ node has no route to the candidate. */
  TARGET_UNROUTABLE(Baton.BATON_TARGET_UNROUTABLE(), "The DMZ node has no route to the candidate."),
  /** A candidate answered without the ECN that the client leg uses. */
  TARGET_NO_ECN(
      Baton.BATON_TARGET_NO_ECN(),
      "A candidate answered without the ECN that the client leg uses."),
  /** A router on the way to the candidate said by ICMP that it cannot be reached. */
  TARGET_UNREACHABLE(
      Baton.BATON_TARGET_UNREACHABLE(),
      "A router on the way to the candidate said by ICMP that it cannot be reached."),
  /** The site's nodes, or this one towards them, have no address of the client's family (503). */
  NO_ADDRESS_IN_FAMILY(
      Baton.BATON_NO_ADDRESS_IN_FAMILY(),
      "The site's nodes, or this one towards them, have no address of the client's family (503)."),
  /** A TLS client named no server, and the listener asks for a name. */
  NO_SERVER_NAME(
      Baton.BATON_NO_SERVER_NAME(),
      "A TLS client named no server, and the listener asks for a name."),
  /** An HTTP/2 client sent no request but waited for the server to speak first (GOAWAY). */
  HTTP2_WAITS(
      Baton.BATON_HTTP2_WAITS(),
      "An HTTP/2 client sent no request but waited for the server to speak first (GOAWAY)."),
  /** The client spoke another protocol than the listener does (TLS alert, or 400 for HTTP). */
  WRONG_PROTOCOL(
      Baton.BATON_WRONG_PROTOCOL(),
      "The client spoke another protocol than the listener does (TLS alert, or 400 for HTTP)."),
  /** The site is served over HTTPS only, so the client was sent there (301, 308). */
  REDIRECTED_TO_HTTPS(
      Baton.BATON_REDIRECTED_TO_HTTPS(),
      "The site is served over HTTPS only, so the client was sent there (301, 308)."),
  /** The request target was too long to be redirected (414). */
  LOCATION_TOO_LONG(
      Baton.BATON_LOCATION_TOO_LONG(), "The request target was too long to be redirected (414)."),
  /**
   * A front proxy's connection did not begin with a valid PROXY protocol header, so it was closed.
   */
  PROXY_HEADER_MISSING(
      Baton.BATON_PROXY_HEADER_MISSING(),
      "A front proxy's connection did not begin with a valid PROXY protocol header, so it was closed."),
  /** A PROXY protocol header came from elsewhere than a front proxy (400). */
  PROXY_HEADER_UNTRUSTED(
      Baton.BATON_PROXY_HEADER_UNTRUSTED(),
      "A PROXY protocol header came from elsewhere than a front proxy (400)."),
  /**
   * A source that the lists deny had got past the data plane or was named by a front proxy, so its
   * connection was closed.
   */
  DENIED_SOURCE(
      Baton.BATON_DENIED_SOURCE(),
      "A source that the lists deny had got past the data plane or was named by a front proxy, so its connection was closed."),
  /** A client connected and sent nothing in time, so its connection was closed. */
  NO_FIRST_BYTE(
      Baton.BATON_NO_FIRST_BYTE(),
      "A client connected and sent nothing in time, so its connection was closed."),
  /** A client had too many connections in set-up (503, or closed). */
  TOO_MANY_FROM_CLIENT(
      Baton.BATON_TOO_MANY_FROM_CLIENT(),
      "A client had too many connections in set-up (503, or closed)."),
  /** The name asked for is that of a site on a public node, which does not answer here (421). */
  NODE_IS_ELSEWHERE(
      Baton.BATON_NODE_IS_ELSEWHERE(),
      "The name asked for is that of a site on a public node, which does not answer here (421)."),
  /**
   * No node of the cluster serves the site, so the client was sent to a public one (302, 307, 308).
   */
  REDIRECTED_TO_PUBLIC(
      Baton.BATON_REDIRECTED_TO_PUBLIC(),
      "No node of the cluster serves the site, so the client was sent to a public one (302, 307, 308)."),
  /** No node of the cluster has a complete copy of what was asked for (503). */
  NO_COMPLETE_COPY(
      Baton.BATON_NO_COMPLETE_COPY(),
      "No node of the cluster has a complete copy of what was asked for (503)."),
  /** Every node that serves it had as many flows as it may, for longer than one waits (503). */
  NODES_FULL(
      Baton.BATON_NODES_FULL(),
      "Every node that serves it had as many flows as it may, for longer than one waits (503)."),
  /** A second request followed the first on a connection that the site closes after one (400). */
  SECOND_REQUEST(
      Baton.BATON_SECOND_REQUEST(),
      "A second request followed the first on a connection that the site closes after one (400)."),
  /**
   * The path leaves the root or hides a slash, so two readers could take it for two files (400).
   */
  BAD_PATH(
      Baton.BATON_BAD_PATH(),
      "The path leaves the root or hides a slash, so two readers could take it for two files (400)."),
  /** No part of the site holds the path (404). */
  NO_PART(Baton.BATON_NO_PART(), "No part of the site holds the path (404)."),
  /** The range begins behind the file's end (416). */
  RANGE_UNSATISFIABLE(
      Baton.BATON_RANGE_UNSATISFIABLE(), "The range begins behind the file's end (416)."),
  /** Too many answers were being put together from pieces (503). */
  TOO_MANY_ASSEMBLED(
      Baton.BATON_TOO_MANY_ASSEMBLED(),
      "Too many answers were being put together from pieces (503)."),
  /** A piece of an answer could not be had from any node (502, or the answer was cut short). */
  PIECE_LOST(
      Baton.BATON_PIECE_LOST(),
      "A piece of an answer could not be had from any node (502, or the answer was cut short).");

  /** The lowest code that the controller counts itself. */
  public static final int FIRST_OF_CONTROLLER = Baton.BATON_REASON_USER();

  private static final @Nullable Reason[] BY_CODE = new @Nullable Reason[Baton.BATON_REASON_MAX()];

  static {
    for (Reason reason : values()) {
      BY_CODE[reason.code] = reason;
    }
  }

  private final int code;
  private final String description;

  Reason(int code, String description) {
    this.code = code;
    this.description = description;
  }

  /**
   * The reason of a code.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Reason of(int code) {
    Reason reason = code < 0 || code >= BY_CODE.length ? null : BY_CODE[code];
    if (reason == null) {
      throw new IllegalArgumentException("no reason has the code " + code);
    }
    return reason;
  }

  /** The number in {@code enum baton_reason}, from 0 to below 128. */
  public int code() {
    return code;
  }

  /** One sentence. */
  public String description() {
    return description;
  }

  /** Whether the controller counts it, not the data plane. */
  public boolean ofController() {
    return code >= FIRST_OF_CONTROLLER;
  }
}
