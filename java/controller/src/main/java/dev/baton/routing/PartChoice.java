package dev.baton.routing;

import dev.baton.directory.Copy;
import dev.baton.directory.Dataset;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Snapshot;
import dev.baton.front.FirstBytes;
import dev.baton.head.HeadParser;
import dev.baton.http.Http1Head;
import dev.baton.http.PathBytes;
import dev.baton.http.RangeHeader;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a site's dataset a request is for: the longest path prefix, then the byte range
 * that holds all that is asked for. Belongs to one event loop; allocates nothing once a dataset's
 * index is made, which is when it is first asked for.
 */
final class PartChoice {
  private final PathBytes path = new PathBytes();
  private final RangeHeader ranges = new RangeHeader();

  // By identity: a dataset that has not changed keeps its index from one snapshot to the next.
  private IdentityHashMap<Dataset, PartIndex> indexes = new IdentityHashMap<>();
  private IdentityHashMap<Dataset, PartIndex> older = new IdentityHashMap<>();
  private @Nullable Snapshot seen;

  /**
   * Sets the decision's part and goes on, or decides: refuses, or has the answer put together.
   *
   * @param request a complete head
   * @param head its bytes
   * @return whether {@link Decision#part} is set
   */
  boolean choose(
      Snapshot snapshot,
      Dataset dataset,
      HeadParser request,
      MemorySegment head,
      Decision decision) {
    if (!dataset.isSplit()) {
      decision.part = dataset.parts().getFirst();
      return true;
    }
    RequestHeadParser http = http(request);
    if (http == null) {
      // HTTP/2 keeps its connection for other requests, TLS hides what is asked for.
      decision.refuse(
          505, Reason.UNSUPPORTED_REQUEST, "this site is served by HTTP/1.1 in clear text only");
      return false;
    }
    long start = http.pathStart();
    if (!path.set(head, start, start + http.pathLength())) {
      decision.refuse(400, Reason.BAD_PATH, "the path could be taken for more than one file");
      return false;
    }
    PartIndex.Entry entry = index(snapshot, dataset).find(path);
    if (entry == null) {
      decision.refuse(404, Reason.NO_PART, "no part of this site holds the path");
      return false;
    }
    if (entry.file != null && isFile(entry)) {
      return chooseRange(entry.file, dataset, http, head, decision);
    }
    decision.part = entry.below;
    return true;
  }

  private boolean isFile(PartIndex.Entry entry) {
    return entry.path.length == path.length();
  }

  private static @Nullable RequestHeadParser http(HeadParser request) {
    return switch (request) {
      case FirstBytes first -> first.request();
      case Http1Head http -> http.request();
      default -> null;
    };
  }

  private PartIndex index(Snapshot snapshot, Dataset dataset) {
    if (snapshot != seen) {
      seen = snapshot;
      older = indexes;
      indexes = new IdentityHashMap<>();
    }
    PartIndex index = indexes.get(dataset);
    if (index == null) {
      index = older.get(dataset);
      if (index == null) {
        index = new PartIndex(dataset.parts());
      }
      indexes.put(dataset, index);
    }
    return index;
  }

  private boolean chooseRange(
      SplitFile file,
      Dataset dataset,
      RequestHeadParser http,
      MemorySegment head,
      Decision decision) {
    if (!http.isGet(head)) {
      decision.part = any(file.parts(), dataset.version());
      return true;
    }
    if (http.ranges() == 1 && http.ifRangeStart() == 0) {
      long start = http.rangeStart();
      RangeHeader.Result asked = ranges.parse(head, start, start + http.rangeLength(), file.size());
      if (asked == RangeHeader.Result.UNSATISFIABLE && !http.conditional()) {
        decision.refuse(416, Reason.RANGE_UNSATISFIABLE, "the file has no byte of the range");
        decision.size = file.size();
        return false;
      }
      if (ranges.count() == 1) {
        Part part = file.holding(ranges.first(0), ranges.last(0));
        if (part != null) {
          decision.part = part;
          return true;
        }
      }
    }
    decision.assemble(file);
    return false;
  }

  /** The first part that some node would serve: a copy knows all but the bytes of the others. */
  private static Part any(List<Part> parts, String version) {
    for (int i = 0; i < parts.size(); i++) {
      List<Copy> copies = parts.get(i).copies();
      for (int k = 0; k < copies.size(); k++) {
        Copy copy = copies.get(k);
        if (copy.serves(version) && copy.node().state() == Node.State.UP) {
          return parts.get(i);
        }
      }
    }
    return parts.getFirst();
  }
}
