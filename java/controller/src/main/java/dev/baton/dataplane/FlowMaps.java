package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bpf.BpfMap;
import dev.baton.config.BatonConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The flows in a pair of maps, of this schema or an earlier one, for those who clear up. */
public final class FlowMaps implements AutoCloseable {
  /** An entry as it stood when it was read. */
  public static final class Entry {
    private final byte[] key; // as the map has it
    private final FlowView view;

    private Entry(byte[] key, FlowView view) {
      this.key = key;
      this.view = view;
    }

    /** What it says. */
    public FlowView view() {
      return view;
    }
  }

  private final BpfMap flows;
  private final BpfMap replays;
  private final Transcription keys;
  private final Transcription values;

  private FlowMaps(BpfMap flows, BpfMap replays, Transcription keys, Transcription values) {
    this.flows = flows;
    this.replays = replays;
    this.keys = keys;
    this.values = values;
  }

  /** Those that a controller of this schema has pinned; empty: there are none. */
  public static Optional<FlowMaps> open(BatonConfig config) {
    Path pins = DataPath.pins(config);
    return BpfMap.tryOpenPinned(pins.resolve(DataPath.FLOWS))
        .map(flows -> {
          try {
            return ofThisSchema(flows, BpfMap.openPinned(pins.resolve(DataPath.REPLAYS)));
          } catch (RuntimeException e) {
            flows.close();
            throw e;
          }
        });
  }

  /** Of today's layout. */
  static FlowMaps ofThisSchema(BpfMap flows, BpfMap replays) {
    return new FlowMaps(
        flows,
        replays,
        Transcription.unchanged(baton_flow_key.layout()),
        Transcription.unchanged(baton_flow.layout()));
  }

  /**
   * Of whatever layout the kernel knows them to have.
   *
   * @throws IllegalStateException when a member has changed its size
   * @throws dev.baton.bpf.BpfException when the kernel knows no types, EPERM
   */
  static FlowMaps ofAnotherSchema(BpfMap flows, BpfMap replays) {
    Transcription values = new Transcription(flows);
    values.with("baton_flow", baton_flow.layout(), 0, 0);
    values.with(
        "baton_flow_state",
        baton_flow_state.layout(),
        values.offset("baton_flow", "state"),
        baton_flow.state$offset());
    return new FlowMaps(
        flows,
        replays,
        new Transcription(flows).with("baton_flow_key", baton_flow_key.layout(), 0, 0),
        values);
  }

  /** Both directions of all flows. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    read(flows, entries);
    return entries;
  }

  /**
   * The flows whose replay is unfinished, each by its target → client key: of the view only the
   * target's and the DMZ node's side of the tuple holds something.
   */
  public List<Entry> unfinished() {
    List<Entry> entries = new ArrayList<>();
    read(replays, entries);
    return entries;
  }

  private void read(BpfMap map, List<Entry> into) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(baton_flow_key.layout());
      MemorySegment value = arena.allocate(baton_flow.layout());
      map.forEach((k, v) -> {
        keys.copy(k, key);
        if (map == flows) {
          values.copy(v, value);
        }
        into.add(
            new Entry(k.asSlice(0, flows.keySize()).toArray(JAVA_BYTE), FlowView.of(key, value)));
      });
    }
  }

  /** Takes an entry away, and the replay's mark if it has one; what is not there is no error. */
  public void remove(Entry entry) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(entry.key.length, 8);
      MemorySegment.copy(entry.key, 0, key, JAVA_BYTE, 0, entry.key.length);
      flows.delete(key);
      replays.delete(key);
    }
  }

  /** Only for what {@link #open} gave: others' maps are closed by those who opened them. */
  @Override
  public void close() {
    replays.close();
    flows.close();
  }
}
