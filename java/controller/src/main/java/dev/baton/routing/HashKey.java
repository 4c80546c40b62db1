package dev.baton.routing;

import dev.baton.address.Ip;
import dev.baton.directory.Dataset;
import dev.baton.front.FirstBytes;
import dev.baton.http.RequestHeadParser;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What hashing goes by. */
final class HashKey {
  private HashKey() {}

  /** Of a request; without a path that can be seen, its client's. */
  static long of(Dataset.Balance balance, FirstBytes request, MemorySegment head, Ip client) {
    return switch (balance) {
      case LEAST_FLOWS -> 0;
      case HASH_CLIENT -> ofClient(client);
      case HASH_PATH -> {
        RequestHeadParser http1 = request.request();
        yield http1 == null
            ? ofClient(client)
            : hash(head, http1.pathStart(), http1.pathStart() + http1.pathLength());
      }
    };
  }

  /** An IPv6 client is its /64: that is what one household gets. */
  static long ofClient(Ip client) {
    return client.isV4() ? client.v4() : client.high();
  }

  /** FNV-1a. */
  private static long hash(MemorySegment bytes, long from, long to) {
    long hash = 0xcbf2_9ce4_8422_2325L;
    for (long at = from; at < to; at++) {
      hash = (hash ^ (bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff)) * 0x100_0000_01b3L;
    }
    return hash;
  }
}
