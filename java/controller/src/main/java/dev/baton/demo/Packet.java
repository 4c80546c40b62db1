package dev.baton.demo;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * One captured TCP segment. Sequence numbers are unsigned 32-bit values as on the wire.
 *
 * @param leg where it was seen
 * @param nanos when, in nanoseconds since 1970
 * @param source address and port it came from
 * @param destination address and port it was for
 * @param seq sequence number
 * @param ack acknowledgment number, also where the ACK flag is clear
 * @param flags byte 13 of the TCP header
 * @param window window as sent, unscaled
 * @param payload bytes of payload; a super-packet has more than a link can carry
 * @param redirect what a SYN with the REDIRECT option carries, or null
 */
record Packet(
    Leg leg,
    long nanos,
    Endpoint source,
    Endpoint destination,
    long seq,
    long ack,
    int flags,
    int window,
    int payload,
    @Nullable Redirect redirect) {

  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;
  static final int URG = 32;

  /** Which of a handed-off connection's two halves. */
  enum Leg {
    CLIENT,
    TARGET
  }

  /** An address and a port. */
  record Endpoint(String address, int port) {
    @Override
    public String toString() {
      return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + port;
    }
  }

  /**
   * The REDIRECT option and what rides with it in the SYN's unused fields (docs/wire.md).
   *
   * @param version of the option
   * @param client the client's address and port
   * @param scale the window scale the DMZ node gave the client; 15: none
   * @param sndNxt the DMZ node's next sequence number towards the client, as on the client leg
   * @param clock the DMZ node's timestamp clock towards the client; null if the SYN has no
   *     timestamps
   */
  record Redirect(int version, Endpoint client, int scale, long sndNxt, @Nullable Long clock) {}

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Flags as words, in the order in which people say them. */
  String flagNames() {
    var names = new ArrayList<String>();
    for (var flag : Flag.values()) {
      if (has(flag.bit)) {
        names.add(flag.name());
      }
    }
    return String.join(",", names);
  }

  private enum Flag {
    SYN(Packet.SYN),
    FIN(Packet.FIN),
    RST(Packet.RST),
    PSH(Packet.PSH),
    ACK(Packet.ACK),
    URG(Packet.URG);

    private final int bit;

    Flag(int bit) {
      this.bit = bit;
    }
  }
}
