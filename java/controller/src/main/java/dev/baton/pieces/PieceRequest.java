package dev.baton.pieces;

import dev.baton.address.Ip;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.proxy.ProxyHeader;
import dev.baton.routing.SplitFile;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for, with all that its thread needs: nothing of it is the event loop's.
 *
 * @param head a complete and valid head, method GET; memory of its own
 * @param host what Host is to say to the nodes; null: what the client said
 * @param file what is asked for
 * @param nodes of a part, the best first; asked each time a piece is fetched, on any thread
 * @param source the client, as far as it is known
 * @param sourcePort its port
 * @param destination what it connected to
 * @param destinationPort that port
 */
public record PieceRequest(
    MemorySegment head,
    @Nullable String host,
    SplitFile file,
    Function<Part, List<Node>> nodes,
    Ip source,
    int sourcePort,
    Ip destination,
    int destinationPort) {
  /** Takes copies of the addresses. */
  public PieceRequest {
    source = new Ip().set(source);
    destination = new Ip().set(destination);
  }

  /**
   * What a node expects before the request.
   *
   * @param authority the host that the client named; null: none
   */
  byte[] preface(Node node, @Nullable String authority) {
    return switch (node.clientAddress()) {
      case PROXY_V1 -> ProxyHeader.v1(source, sourcePort, destination, destinationPort);
      case PROXY_V2 ->
          ProxyHeader.v2(source, sourcePort, destination, destinationPort, authority, null);
      default -> new byte[0];
    };
  }
}
