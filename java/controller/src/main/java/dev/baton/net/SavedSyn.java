package dev.baton.net;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a SYN as TCP_SAVED_SYN gives it: from the IP header to the end of the options. */
final class SavedSyn {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final int IPV6_HEADER = 40;
  private static final int TCP_HEADER = 20;
  private static final int END = 0;
  private static final int NOP = 1;
  private static final int MSS = 2;

  private static final int NEXT_HEADER = 6;
  private static final int PROTOCOL_TCP = 6;
  private static final int AE = 1;
  private static final int NONE = -1;

  private SavedSyn() {}

  /** Whether the client asked for accurate ECN: AE, once NS, is bit 0 of byte 12 (RFC 9768 3.1). */
  static boolean asksForAccurateEcn(MemorySegment syn, int length) {
    int tcp = tcpHeader(syn, length);
    return tcp != NONE && (syn.get(ValueLayout.JAVA_BYTE, tcp + 12) & AE) != 0;
  }

  /** Where the TCP header begins; NONE: not all of it is there, or extension headers precede it. */
  private static int tcpHeader(MemorySegment syn, int length) {
    if (length < TCP_HEADER) {
      return NONE;
    }
    int first = syn.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
    boolean v6 = first >> 4 == 6;
    if (v6 && syn.get(ValueLayout.JAVA_BYTE, NEXT_HEADER) != PROTOCOL_TCP) {
      return NONE;
    }
    int tcp = v6 ? IPV6_HEADER : (first & 15) * 4;
    return tcp + TCP_HEADER > length ? NONE : tcp;
  }

  /**
   * The maximum segment size option.
   *
   * @param length bytes that the kernel wrote
   * @return 0 where there is none, or the packet contradicts itself
   */
  static int mss(MemorySegment syn, int length) {
    int tcp = tcpHeader(syn, length);
    if (tcp == NONE) {
      return 0;
    }
    int end = Math.min(length, tcp + ((syn.get(ValueLayout.JAVA_BYTE, tcp + 12) & 0xff) >> 4) * 4);
    int at = tcp + TCP_HEADER;
    while (at < end) {
      int kind = syn.get(ValueLayout.JAVA_BYTE, at);
      if (kind == END) {
        return 0;
      }
      if (kind == NOP) {
        at++;
        continue;
      }
      int size = at + 1 < end ? syn.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff : 0;
      if (size < 2 || at + size > end) {
        return 0;
      }
      if (kind == MSS && size == 4) {
        return Short.toUnsignedInt(syn.get(SHORT, at + 2));
      }
      at += size;
    }
    return 0;
  }
}
