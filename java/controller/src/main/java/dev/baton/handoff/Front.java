package dev.baton.handoff;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.directory.ClientAddress;
import dev.baton.http.HeadRewriter;
import dev.baton.http.RequestHeadParser;
import dev.baton.proxy.ProxyHeader;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What a target's stream begins with: what has been read of the client's, less what a front proxy
 * has put there, with what the server is to be told of the client in front and with a head that the
 * directory's decision has changed. However long that is, only the sequence numbers' offset knows.
 */
final class Front {
  private static final byte[] NOTHING = {};

  private Front() {}

  static MemorySegment of(Connection c, ClientAddress told) {
    byte[] header = header(c, told);
    int own = c.read - c.stripped;
    RequestHeadParser request = c.parser.request();
    boolean changed = rewrites(c);
    if (header.length == 0 && !changed) {
      return c.head().asSlice(0, own);
    }
    byte[] head = NOTHING;
    int replaced = 0;
    if (request != null && changed) {
      head = rewritten(c, request);
      replaced = (int) request.headLength();
    }
    // One piece, so that the header and what follows share a segment: some servers want it whole.
    int rest = own - replaced;
    byte[] all = Arrays.copyOf(header, header.length + head.length + rest);
    System.arraycopy(head, 0, all, header.length, head.length);
    MemorySegment.copy(c.head(), JAVA_BYTE, replaced, all, header.length + head.length, rest);
    return MemorySegment.ofArray(all);
  }

  /** Whether the target is sent another head than the client's. */
  static boolean rewrites(Connection c) {
    return c.parser.request() != null && (c.closes || c.asItIs || c.newHost != null);
  }

  private static byte[] rewritten(Connection c, RequestHeadParser request) {
    HeadRewriter rewriter = HeadRewriter.of(c.head(), request).host(c.newHost);
    if (c.closes) {
      rewriter.closing();
    }
    if (c.asItIs) {
      rewriter.asItIs();
    }
    return rewriter.bytes();
  }

  private static byte[] header(Connection c, ClientAddress told) {
    return switch (told) {
      case PROXY_V1 -> ProxyHeader.v1(c.source, c.sourcePort, c.destination, c.destinationPort);
      case PROXY_V2 ->
          ProxyHeader.v2(
              c.source,
              c.sourcePort,
              c.destination,
              c.destinationPort,
              c.parser.host(),
              c.parser.offeredProtocol());
      case OPTION, NONE -> NOTHING;
    };
  }
}
