package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_host;
import dev.baton.bpf.BpfMap;
import dev.baton.config.BatonConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a controller of an earlier schema left: its flows go on in its own maps, under its own
 * filters, beside ours. Nothing is written into its maps; entries are only taken away, and when
 * none is left all of it goes.
 */
public final class OldSchema implements AutoCloseable {
  private final int number;
  private final Path pins;
  private final BpfMap flows;
  private final BpfMap replays;
  private final FlowMaps maps;
  private boolean closed;

  private OldSchema(int number, Path pins, BpfMap flows, BpfMap replays) {
    this.number = number;
    this.pins = pins;
    this.flows = flows;
    this.replays = replays;
    maps = FlowMaps.ofAnotherSchema(flows, replays);
  }

  /**
   * Those that are there, newest first; the caller closes them.
   *
   * @throws IllegalStateException when one's layout cannot be read
   */
  public static List<OldSchema> find(BatonConfig config) {
    List<OldSchema> found = new ArrayList<>();
    try {
      for (int number = Baton.BATON_SCHEMA() - 1; number > 0; number--) {
        open(config, number).ifPresent(found::add);
      }
      return found;
    } catch (RuntimeException e) {
      found.forEach(OldSchema::close);
      throw e;
    }
  }

  private static Optional<OldSchema> open(BatonConfig config, int number) {
    Path pins = DataPath.pins(config, number);
    Optional<BpfMap> flows = BpfMap.tryOpenPinned(pins.resolve(DataPath.FLOWS));
    if (flows.isEmpty()) {
      return Optional.empty();
    }
    BpfMap replays = null;
    try {
      replays = BpfMap.openPinned(pins.resolve(DataPath.REPLAYS));
      return Optional.of(new OldSchema(number, pins, flows.get(), replays));
    } catch (RuntimeException e) {
      if (replays != null) {
        replays.close();
      }
      flows.get().close();
      throw new IllegalStateException(
          "cannot read the flows of schema "
              + number
              + " in "
              + pins
              + ": "
              + e.getMessage()
              + "; \"baton detach\" removes them",
          e);
    }
  }

  /**
   * Refuses what a newer Baton left: nobody here knows which of its flows live.
   *
   * @throws IllegalStateException naming the remedy
   */
  public static void refuseNewer(BatonConfig config) {
    for (int number : pinned(config.pinPath())) {
      if (number > Baton.BATON_SCHEMA()) {
        throw new IllegalStateException(
            "%s holds maps of schema %d, which a newer version made; this one knows up to %d. Run \"baton detach\" of that version first; its flows end"
                .formatted(config.pinPath().resolve("v" + number), number, Baton.BATON_SCHEMA()));
      }
    }
  }

  /** The numbers of schemas under a pin path that have something pinned. */
  static List<Integer> pinned(Path pinPath) {
    List<Integer> numbers = new ArrayList<>();
    if (!Files.isDirectory(pinPath)) {
      return numbers;
    }
    try (Stream<Path> folders = Files.list(pinPath)) {
      for (Path folder : folders.sorted().toList()) {
        String name = folder.getFileName().toString();
        if (name.matches("v[1-9]\\d{0,3}") && holdsSomething(folder)) {
          numbers.add(Integer.parseInt(name.substring(1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + pinPath + ": " + e.getMessage(), e);
    }
    return numbers;
  }

  private static boolean holdsSomething(Path folder) throws IOException {
    try (Stream<Path> pins = Files.list(folder)) {
      return pins.findAny().isPresent();
    }
  }

  /** Its BATON_SCHEMA. */
  public int number() {
    return number;
  }

  /** Its flows. */
  public FlowMaps maps() {
    return maps;
  }

  /** Hands over what outlives controllers: the secret, and which clsact qdiscs are ours. */
  void inheritHost(MemorySegment host) {
    Optional<BpfMap> pinned = BpfMap.tryOpenPinned(pins.resolve(DataPath.HOST));
    if (pinned.isEmpty()) {
      return;
    }
    try (BpfMap map = pinned.get();
        Arena arena = Arena.ofConfined()) {
      MemorySegment theirs = arena.allocate(map.valueBytes(), 8);
      map.lookup(arena.allocate(ValueLayout.JAVA_INT), theirs);
      new Transcription(map).with("baton_host", baton_host.layout(), 0, 0).copy(theirs, host);
    }
  }

  /** Its event loops are gone: nobody reads its rings, and they are a megabyte each. */
  void removeRings() {
    BpfMap.tryOpenPinned(pins.resolve(DataPath.RINGS))
        .ifPresent(pinned -> {
          try (BpfMap rings = pinned) {
            DataPath.removeRings(rings, 0);
          }
        });
  }

  /** Lets go of its maps; what is pinned and attached stays. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      replays.close();
      flows.close();
    }
  }
}
