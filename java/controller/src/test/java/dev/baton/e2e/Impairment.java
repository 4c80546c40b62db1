package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bpf.BpfObject;
import dev.baton.bpf.Direction;
import dev.baton.bpf.TcHook;
import dev.baton.bpf.Xdp;
import dev.baton.lab.Namespace;
import dev.baton.testing.TestPrograms;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A bad network at a test host's own interface, in both directions, by src/test/bpf/impair.bpf.c.
 * The interface must have segmentation offload off, so that what is lost is a wire's segment.
 */
final class Impairment implements AutoCloseable {
  private static final int SCALE = 100_000;
  private static final int PRIORITY = 1;
  private static final int HANDLE = 1;

  /** {@code enum impair_counter}. */
  enum Counter {
    SEEN,
    LOST,
    DUPLICATED,
    HELD,
    REORDERED,
    SYNACKS_LOST,
    SUPER_PACKETS,
    FAILED
  }

  /**
   * How bad.
   *
   * @param loss share of segments lost, 0 to 1
   * @param duplication share of segments that arrive twice
   * @param reordering share of segments that arrive behind one to three later ones
   * @param synAcks how many SYN,ACKs of each connection are lost first
   */
  record Rates(double loss, double duplication, double reordering, int synAcks) {
    static final Rates NONE = new Rates(0, 0, 0, 0);
  }

  /** One direction. */
  static final class Place {
    final String name;
    private final BpfObject object;

    private Place(String name, BpfObject object) {
      this.name = name;
      this.object = object;
    }

    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    long count(Counter counter) {
      return object.map("counters").sumPerCpuLong(counter.ordinal());
    }

    /** A counter's share of the segments seen. */
    double share(Counter counter) {
      return (double) count(counter) / count(Counter.SEEN);
    }

    @Override
    public String toString() {
      var text = new StringBuilder(name);
      for (Counter counter : Counter.values()) {
        text.append(' ')
            .append(counter.name().toLowerCase(Locale.ROOT))
            .append('=')
            .append(count(counter));
      }
      return text.toString();
    }
  }

  private final List<Place> places = new ArrayList<>();

  /** Impairs what a host sends and what it receives. */
  static Impairment of(Namespace host, String device, Rates rates) {
    return of(host, device, rates, rates);
  }

  /** Impairs what a host sends by one set of rates and what it receives by another. */
  static Impairment of(Namespace host, String device, Rates sent, Rates received) {
    var impairment = new Impairment();
    try {
      impairment.add(host, device, Direction.EGRESS, sent);
      impairment.add(host, device, Direction.INGRESS, received);
      return impairment;
    } catch (RuntimeException | Error e) {
      impairment.close();
      throw e;
    }
  }

  private void add(Namespace host, String device, Direction direction, Rates rates) {
    int index = TestPrograms.interfaceIndex(host, device);
    BpfObject object = TestPrograms.open("impair");
    places.add(new Place(device + " " + direction, object));
    object.setRodata("loss", perScale(rates.loss()));
    object.setRodata("duplicates", perScale(rates.duplication()));
    object.setRodata("reordering", perScale(rates.reordering()));
    object.setRodata("synacks", rates.synAcks());
    object.setRodata("interface", index);
    object.setRodata("ingress", direction == Direction.INGRESS ? 1 : 0);
    object.load();
    boolean attached =
        TestPrograms.inside(
            host,
            () -> {
              boolean _ = TcHook.createClsact(index);
              TcHook.attach(index, direction, object.program("impair"), PRIORITY, HANDLE);
              return true;
            });
    assertThat(attached).isTrue();
  }

  /**
   * Lets a veth take what its peer redirects by XDP (it must poll, and a native program makes it do
   * so) without GRO, which would merge what is to be impaired one by one. The program stays until
   * the interface goes.
   */
  static void acceptRedirected(Namespace host, String device) {
    int index = TestPrograms.interfaceIndex(host, device);
    try (BpfObject object = TestPrograms.open("impair")) {
      object.load();
      boolean attached =
          TestPrograms.inside(
              host,
              () -> {
                Xdp.attach(index, object.program("accept"), Xdp.Mode.NATIVE);
                return true;
              });
      assertThat(attached).isTrue();
    }
  }

  private static int perScale(double share) {
    return (int) Math.round(share * SCALE);
  }

  List<Place> places() {
    return List.copyOf(places);
  }

  /** The direction it was attached to: of what the host sends. */
  Place sent() {
    return places.get(0);
  }

  /** Of what the host receives. */
  Place received() {
    return places.get(1);
  }

  /** Lets go of the programs; they stay attached until the namespace goes. */
  @Override
  public void close() {
    places.forEach(place -> place.object.close());
    places.clear();
  }
}
